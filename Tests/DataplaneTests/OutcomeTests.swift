import Dataplane
import Foundation
import Testing

@Suite("Outcomes")
struct OutcomeTests {
    @Test("the documentation lists them all, in their own words")
    func documented() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/outcomes.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").map(String.init)
            .drop { $0 != "|---|---|---|" }.dropFirst().prefix { $0.hasPrefix("|") }
        #expect(Array(rows) == Outcome.all.map { "| \($0.action.rawValue) | `\($0.name)` | \($0.sentence) |" })
    }
}
