import Foundation
import Testing

@testable import Survival

/// `docs/survival.md` says what the simulator says.
@Suite(.serialized) struct DocumentTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/survival.md")

    /// The table stands between `<!-- table: NAME -->` and `<!-- end -->`; with `RECORD_GOLDENS=1` it is put there.
    @Test(arguments: Router.Hashing.allCases) func theTablesAreWhatTheSimulatorSays(_ hashing: Router.Hashing) throws {
        let scenarios = hashing == .modulo ? Scenario.all : Scenario.all.filter(\.changesNodes)
        let table = try SurvivalTable.rows(scenarios, hashing)
        var text = try String(contentsOf: Self.file, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- table: \(hashing.rawValue) -->\n\n"))
        let end = try #require(text.range(of: "\n\n<!-- end -->", range: begin.upperBound..<text.endIndex))
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            text.replaceSubrange(begin.upperBound..<end.lowerBound, with: table)
            try Data(text.utf8).write(to: Self.file)
            return
        }
        #expect(
            text[begin.upperBound..<end.lowerBound] == table,
            "docs/survival.md differs from the simulator; RECORD_GOLDENS=1 rewrites its tables")
    }
}
