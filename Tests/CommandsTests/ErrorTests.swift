import BPF
import Commands
import Dataplane
import Plan
import Policy
import Testing

@testable import Commands

/// What people read when something fails: one line, whatever the layer below had to say.
@Suite struct ErrorTests {
    private static let place = Position(file: "node.yaml", line: 3, column: 3)

    static let cases: [(error: any Error, status: Commands.ExitStatus, text: String)] = [
        (Failure("no"), .failed, "error: no\n"),
        (Failure("no", status: .usage), .usage, "error: no\n"),
        (Failure.silent(.failed), .failed, ""),
        (
            Failure.unknown("service", "shp", among: ["shop"]), .failed,
            "error: there is no service shp: did you mean \"shop\"?\n"
        ),
        (
            InvalidDocument([Diagnostic(.error, at: place, "what", hint: "hint")]), .failed,
            "node.yaml:3:3: error: what: hint\n"
        ),
        (PlanError([Diagnostic(.error, at: place, "what")]), .failed, "node.yaml:3:3: error: what\n"),
        (OverrideError("no such backend", hint: "hint"), .failed, "error: no such backend: hint\n"),
        (DataplaneError(.privilege, "what", hint: "hint"), .failed, "error: what: hint\n"),
    ]

    private func report(_ error: any Error, verbose: Bool = false) -> (Commands.ExitStatus, String) {
        var text = ""
        let environment = Environment(
            variables: [:], outputIsTerminal: false, errorIsTerminal: false,
            output: { _ in Issue.record("an error is no data") }, error: { text += $0 })
        return (environment.report(error, verbose: verbose), text)
    }

    @Test func everyErrorIsOneSentence() {
        for expected in Self.cases {
            let (status, text) = report(expected.error)
            #expect(status == expected.status)
            #expect(text == expected.text)
        }
    }

    @Test func theWholeLogIsForThoseWhoAsk() {
        let cause = BPFError("load program", code: 13, hint: "hint", log: "first line\nsecond line\nthird line")
        let error = DataplaneError(.kernel, "cannot start", cause: cause)
        let (_, short) = report(error)
        #expect(short.split(separator: "\n").count == 1)
        #expect(short.hasPrefix("error: cannot start: load program: "))
        let (_, long) = report(error, verbose: true)
        #expect(long == "first line\nsecond line\nthird line\n" + short)
    }
}
