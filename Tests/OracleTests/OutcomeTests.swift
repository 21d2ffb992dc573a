import Foundation
import Oracle
import Testing

@Suite struct OutcomeTests {
    /// The data path's list is a C header; the model must have the same outcomes, in the same order.
    @Test func sameAsTheHeader() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let header = try String(contentsOf: root.appending(path: "bpf/abi/outcome.h"), encoding: .utf8)
        let entry = /X\((?<symbol>[A-Z_]+), \w+, "(?<reason>\w+)", (?<action>[A-Z]+),/
        let macro = header.split(separator: "\n").filter { !$0.hasPrefix("//") }.joined(separator: " ")
        let listed = macro.matches(of: entry).map { "\($0.symbol) \($0.reason) \($0.action)" }
        let modelled = Outcome.allCases.map { "\($0.rawValue) \($0.reason) \($0.action.rawValue.uppercased())" }
        #expect(!listed.isEmpty)
        #expect(modelled == listed)
    }
}
