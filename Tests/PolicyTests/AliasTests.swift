import Net
import Testing

@testable import Policy

@Suite struct AliasTests {
    private func identities(_ text: String) throws -> [Identity] {
        try parse([SourceFile(name: "f", text: "version: 1\nidentities:\n" + text)]).0.identities
    }

    @Test func anAliasStandsForItsAnchor() throws {
        let identities = try identities(
            """
              &name a: {cidrs: &list [10.0.0.0/8, &host "10.0.0.1"]}
              b: {cidrs: *list, labels: {x: *name}}
              c: {cidrs: [*host]}
            """)
        #expect(identities.map(\.cidrs) == [identities[0].cidrs, identities[0].cidrs, [identities[0].cidrs[1]]])
        #expect(identities[1].labels == ["x": "a"])
    }

    @Test func mergeKeysGiveWayToWrittenOnesAndTheFirstMergedWins() throws {
        let identities = try identities(
            """
              a: &a {cidrs: [10.0.0.1], labels: {x: 1}}
              b: &b {cidrs: [10.0.0.2], except: []}
              c: {<<: *a, labels: {y: 2}}
              d: {<<: [*b, *a]}
              e:
                <<:
                  <<: *b
                cidrs: [10.0.0.3]
            """)
        let hosts = identities.map { $0.cidrs.map(\.address.description).joined() }
        #expect(hosts == ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(identities.map(\.labels) == [["x": "1"], [:], ["y": "2"], ["x": "1"], [:]])
    }

    @Test func aStarInTextIsAStar() throws {
        let identities = try identities("  a: {cidrs: [10.0.0.1], labels: {x: '*a', y: a*b, z*: \"*\u{E000}\"}}\n")
        #expect(identities[0].labels == ["x": "*a", "y": "a*b", "z*": "*\u{E000}"])
    }

    @Test func anchorsEndWithTheirDocument() {
        #expect(
            diagnostics("version: &v 1\n---\nversion: *v\n") == [
                "f:3:10: error: no anchor \"&v\" stands before this alias: "
                    + "quote the value if it is meant to start with a *"
            ])
    }

    @Test(arguments: [
        Case(
            "version: *v\n",
            "f:1:10: error: no anchor \"&v\" stands before this alias: "
                + "quote the value if it is meant to start with a *"
        ),
        Case(
            "&a [*a]\n",
            "f:1:5: error: no anchor \"&a\" stands before this alias: "
                + "quote the value if it is meant to start with a *"),
        .section("<<: 3\n", "f:2:5: error: << merges mappings, this is a single value"),
        .section("<<: [{defaults: {}}, [3]]\n", "f:2:22: error: << merges mappings, this is a list"),
    ])
    func whatCannotBeExpanded(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    /// Ten lines that stand for 2^40 values: as a value, as a key (which Yams would hash whole), and merged.
    @Test(arguments: ["x: *a40\n", "? *a40\n: x\n", "? [*a40, *a40]\n: x\n", "<<: *a40\n"])
    func aBombIsRefused(use: String) {
        let bomb =
            "version: 1\na0: &a0 [x, x]\n" + (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        #expect(
            diagnostics(bomb + use) == [
                "f:19:12: error: the file has more than a million values, aliases expanded: "
                    + "split it, or use fewer aliases"
            ])
    }
}
