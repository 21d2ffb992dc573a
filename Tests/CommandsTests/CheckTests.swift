import Commands
import Foundation
import Testing

@Suite struct CheckTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/")
        .path(percentEncoded: false)

    static let cases: [(name: String, files: [String], session: String?, status: Commands.ExitStatus)] = [
        ("good", ["good.yaml"], nil, .done),
        ("wrong", ["wrong.yaml"], nil, .failed),
        ("warned", ["warned.yaml"], nil, .done),
        ("broken", ["broken.yaml"], nil, .failed),
        ("empty", ["empty.yaml"], nil, .failed),
        ("missing", ["missing.yaml", "absent.yaml"], nil, .failed),
        ("directory", ["."], nil, .failed),
        ("twice", ["good.yaml", "good.yaml"], nil, .failed),
        ("together", ["good.yaml", "warned.yaml"], nil, .failed),
        ("cuts-the-session", ["good.yaml"], "203.0.113.9 50022 192.0.2.1 22", .done),
    ]

    @Test(arguments: cases)
    func everyMistakeIsNamedAtItsPlace(
        _ name: String, _ files: [String], _ session: String?, _ status: Commands.ExitStatus
    ) throws {
        let run = CommandRun(
            ["check"] + files.map { Self.directory + $0 }, variables: session.map { ["SSH_CONNECTION": $0] } ?? [:])
        #expect(run.status == status)
        #expect(run.output.isEmpty)
        let transcript = run.transcript(["check"] + files).replacing(Self.directory, with: "")
        try expectGolden(transcript, "check/\(name).txt")
    }
}
