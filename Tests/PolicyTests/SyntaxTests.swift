import Testing

@testable import Policy

@Suite struct SyntaxTests {
    @Test(arguments: [
        Case("", "f:1:1: error: the file is empty: write version: 1 on top"),
        Case("# a comment\n", "f:1:1: error: the file is empty: write version: 1 on top"),
        Case("---\n---\n", "f:1:1: error: the file is empty: write version: 1 on top"),
        Case(
            "version: 1\n  foo: bar\n",
            "f:2:6: error: a \": \" cannot stand here: "
                + "check the indentation, and quote text that holds a colon and a space"
        ),
        Case(
            "version: 1\nfoo\nbar: 1\n", "f:2:1: error: this is no \"key: value\": a colon and a space are missing"),
        Case("version: 1\n\tfoo: 1\n", "f:2:1: error: a tab is no indentation: use spaces"),
        Case("a: [1, b: 2}\n", "f:1:4: error: the list that starts here is not closed: a comma or ] is missing"),
        Case("a: {b: 1\n", "f:1:4: error: the mapping that starts here is not closed: a comma or } is missing"),
        Case("a: \"abc\n", "f:1:4: error: the quote that starts here is not closed"),
        Case("a: 'abc\n---\n", "f:1:4: error: the quote that starts here is not closed"),
        Case("a: @b\n", "f:1:4: error: a value cannot start with \"@\": quote it"),
        Case("a: \"\\q\"\n", "f:1:5: error: unknown escape after a backslash: use single quotes for text as it is"),
        Case("a: 1\n- b\n", "f:2:1: error: a key was expected here: check the indentation"),
        Case("- a\nb: 1\n", "f:2:1: error: a list item was expected here: check the indentation"),
        Case("version: 1\na: {", "f:2:5: error: the file ends too early: a bracket or a value is missing"),
        Case("}\n", "f:1:1: error: a value was expected here: quote text that starts with a colon"),
        Case(
            "version: 1\n...\nfoo",
            "f:3:1: error: nothing more was expected here: check the indentation and the brackets"),
        Case("%YAML 3.0\n---\nversion: 1\n", "f:1:1: error: the file is not YAML 1.1 or 1.2"),
        Case("a: !e!x 3\n", "f:1:4: error: tags (!…) are not used in a policy"),
        Case("version: 1\na: \u{7}\n", "f:2:4: error: the character U+0007 cannot stand in a policy"),
        Case("a: [2001:db8::]\n", "f:1:14: error: a colon cannot stand here: quote IPv6 addresses"),
    ])
    func yamlThatDoesNotParseIsOneDiagnostic(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: [
        Case(
            "[]",
            "f:1:1: error: the document must be a mapping, this is a list: its keys are version, interfaces, defaults, "
                + "identities, zones, services, policies, tests"),
        Case("{}", "f:1:1: error: the document needs the key \"version\""),
        Case("\n\ndefaults: {}\n", "f:1:1: error: the document needs the key \"version\""),
        Case("version:\n", "f:1:9: error: the version is empty"),
        Case("version: 2\n", "f:1:10: error: version 2 is not supported: this program reads version 1"),
        Case("version: '1'\n", "f:1:10: error: the version must be a number, this is text: write it without quotes"),
        Case("version: 1.0\n", "f:1:10: error: the version must be a whole number, not \"1.0\""),
        Case("version: -\n", "f:1:10: error: a list item cannot stand here: check the indentation"),
        Case("version: [1]\n", "f:1:10: error: the version must be a single value, this is a list"),
        Case(
            "version: 01\n",
            "f:1:10: error: the version starts with 0: write decimal numbers without leading zeros"),
        Case(
            "version: 99999999999999999999\n", "f:1:10: error: the version \"99999999999999999999\" is out of range"),
        Case("versoin: 1\n", "f:1:1: error: unknown key \"versoin\" in the document: did you mean \"version\"?"),
        .section("workloads: []\n", "f:2:1: error: \"workloads\" is not supported by this version"),
        .section("never: []\n", "f:2:1: error: \"never\" is not supported by this version"),
        .section("always: []\n", "f:2:1: error: \"always\" is not supported by this version"),
        .section("failsafe: {}\n", "f:2:1: error: \"failsafe\" is not supported by this version"),
        .section("? [a, b]\n: c\n", "f:2:3: error: a key must be text"),
        .section("defaults: !x {}\n", "f:2:11: error: tags (!…) are not used in a policy"),
        .section("identities: []\n", "f:2:13: error: \"identities\" must be a mapping from names, this is a list"),
        .section("tests: {}\n", "f:2:8: error: \"tests\" must be a list, this is a mapping"),
    ])
    func theTopLevel(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: [
        "version: 1\n", "\u{FEFF}version: 1\n", "{\"version\": 1}", "{\n\t\"version\": 1\n}\n",
        "---\nversion: 1\n...\n",
        "version: 1\nservices:\npolicies: {}\ntests: []\n", "version: 1\r\ndefaults:\r\n  echo: reply\r\n",
        "%YAML 1.2\n---\nversion: 1\n---\n", "version: 1 # one\n",
    ])
    func formsOfYAML(text: String) {
        #expect(diagnostics(text) == [])
    }

    @Test func positionsSurviveCRLFAndBOM() {
        #expect(
            diagnostics("\u{FEFF}x: 1\r\nversion: 1\r\ny: 2\r\n").map { $0.prefix(14) }
                == ["f:1:1: error: ", "f:3:1: error: "])
    }

    @Test(arguments: [
        Case(
            "version: 1\nversion: 1\n",
            "f:2:1: error: the key \"version\" is here a second time: the first is in line 1"
        ),
        .section(
            "identities: {a: {cidrs: [10.0.0.1]}, a: {}, b: {cidrs: [10.0.0.2], labels: {x: 1, y: 2, x: 3}}}\n"
                + "identities: {}\n",
            "f:2:38: error: the key \"a\" is here a second time: the first is in line 2",
            "f:2:89: error: the key \"x\" is here a second time: the first is in line 2",
            "f:3:1: error: the key \"identities\" is here a second time: the first is in line 2"),
        .section(
            "identities:\r\n  1: {cidrs: [10.0.0.1]}\r\n  '1': {}\r\n  \"1\": {}\r\n  1: {}\r\n",
            "f:4:3: error: the key \"1\" is here a second time: the first is in line 3",
            "f:5:3: error: the key \"1\" is here a second time: the first is in line 3",
            "f:6:3: error: the key \"1\" is here a second time: the first is in line 3"),
        .section(
            "identities: {\"\\x61\": {}, \"\\x61\": {}}\n",
            "f:2:14: error: the key \"a\" is in this mapping more than once"),
        .section(
            "identities: {&a a: {cidrs: [10.0.0.1]}, *a : {}}\n",
            "f:2:41: error: the key \"a\" is here a second time: the first is in line 2"),
    ])
    func repeatedKeys(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test func manyRepeatedKeysAreAllReported() {
        let lines = (0..<50).map { "  n\($0): {cidrs: [10.0.0.1]}\n  n\($0): {}\n" }
        let expected = (0..<50).map {
            "f:\(4 + 2 * $0):3: error: the key \"n\($0)\" is here a second time: the first is in line \(3 + 2 * $0)"
        }
        #expect(diagnostics("version: 1\nidentities:\n" + lines.joined()) == expected)
    }
}
