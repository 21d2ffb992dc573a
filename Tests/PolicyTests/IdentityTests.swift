import Net
import Testing

@testable import Policy

@Suite struct IdentityTests {
    @Test func everyKey() throws {
        let text = """
            version: 1
            identities:
              office:
                cidrs: [203.0.113.0/24, 198.51.100.7, "2001:db8::/32", 0.0.0.0/0]
                except: [203.0.113.128/25, "2001:db8:1::/48"]
                labels: {site: paris, n: 1, v: 1.0, on: yes, none: ''}
              empty:
            """
        let (document, warnings) = try parse([SourceFile(name: "f", text: text)])
        let office = document.identities[0]
        #expect(office.name == "office")
        #expect(office.position == Position(file: "f", line: 3, column: 3))
        #expect(office.cidrs.map(\.description) == ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32", "0.0.0.0/0"])
        #expect(office.except.map(\.description) == ["203.0.113.128/25", "2001:db8:1::/48"])
        #expect(office.labels == ["site": "paris", "n": "1", "v": "1.0", "on": "yes", "none": ""])
        #expect(document.identities[1].name == "empty")
        #expect(
            warnings.map(\.description) == [
                "f:7:3: warning: the identity \"empty\" has no prefixes: it holds no address"
            ])
    }

    @Test func numbersAndTextAreTheSameLabel() {
        #expect(
            diagnostics(
                """
                version: 1
                identities: {a: {cidrs: [10.0.0.1], labels: {n: 1}}}
                policies: {p: {from: [{labels: {n: "1"}}], to: node}}
                """) == [])
    }

    @Test(arguments: [
        Case.section(
            "identities: {a: {cidrs: [10.0.0.1/8]}}\n",
            "f:2:26: error: the prefix \"10.0.0.1/8\" has host bits set: did you mean 10.0.0.0/8?"),
        .section(
            "identities: {a: {cidrs: [\"2001:db8::1/64\"]}}\n",
            "f:2:26: error: the prefix \"2001:db8::1/64\" has host bits set: did you mean 2001:db8::/64?"),
        .section(
            "identities: {a: {cidrs: [\"::ffff:10.0.0.0/104\"]}}\n",
            "f:2:26: error: the prefix \"::ffff:10.0.0.0/104\" is IPv4 written as IPv6: write 10.0.0.0/8"),
        .section(
            "identities: {a: {cidrs: [\"::ffff:10.0.0.1\"]}}\n",
            "f:2:26: error: the prefix \"::ffff:10.0.0.1\" is IPv4 written as IPv6: write 10.0.0.1/32"),
        .section("identities: {a: {cidrs: [\"::/0\"]}}\n"),
        .section(
            "identities: {a: {cidrs: [10.0.0.0/33]}}\n",
            "f:2:26: error: the prefix \"10.0.0.0/33\" has an impossible length: IPv4 has /0 to /32, IPv6 /0 to /128"),
        .section(
            "identities: {a: {cidrs: [office]}}\n",
            "f:2:26: error: the prefix \"office\" is no address prefix: write it like 10.0.0.0/8 or \"2001:db8::/32\""),
        .section(
            "identities: {a: {cidrs: 10.0.0.0/8}}\n",
            "f:2:25: error: \"cidrs\" must be a list: write [10.0.0.0/8]"),
        .section(
            "identities: {a: {cidrs: [10.0.0.0/8, 10.0.0.0/8]}}\n",
            "f:2:38: warning: the prefix 10.0.0.0/8 is in this list twice"),
        .section(
            "identities: {a: {cidrs: [[10.0.0.0/8]]}}\n",
            "f:2:26: error: the prefix must be a single value, this is a list"),
        .section(
            "identities: {a: {cidrs: [10.0.0.0/8], except: [10.0.0.0/8]}}\n",
            "f:2:48: error: the exception 10.0.0.0/8 is not inside a prefix of its list: "
                + "remove the prefix itself instead"
        ),
        .section(
            "identities: {a: {cidrs: [10.0.0.0/8], except: [11.0.0.0/16]}}\n",
            "f:2:48: error: the exception 11.0.0.0/16 is not inside a prefix of its list"),
        .section(
            "identities: {a: {cidrs: [10.0.0.0/8], except: [0.0.0.0/0]}}\n",
            "f:2:48: error: the exception 0.0.0.0/0 is not inside a prefix of its list"),
        .section("identities: {a: {cidrs: [10.0.0.0/8, 10.1.0.0/16], except: [10.1.0.0/16]}}\n"),
        // One mistake, one message: the exception may be right once the prefix is.
        .section(
            "identities: {a: {cidrs: [10.0.0.1/8], except: [10.1.0.0/16]}}\n",
            "f:2:26: error: the prefix \"10.0.0.1/8\" has host bits set: did you mean 10.0.0.0/8?"),
        .section("identities: {a: {}}\n", "f:2:14: warning: the identity \"a\" has no prefixes: it holds no address"),
        .section(
            "identities: {a: {cidr: [10.0.0.0/8]}}\n",
            "f:2:18: error: unknown key \"cidr\" in an identity: did you mean \"cidrs\"?"),
        .section(
            "identities: {a: {cidrs: [10.0.0.1], labels: {}}}\n",
            "f:2:45: error: \"labels\" is empty: leave it out, or write {name: value}"),
        .section(
            "identities: {a: {cidrs: [10.0.0.1], labels: [x]}}\n",
            "f:2:45: error: \"labels\" must be a mapping, this is a list: write {name: value}"),
        .section(
            "identities: {a: {cidrs: [10.0.0.1], labels: {x: [1], y: }}}\n",
            "f:2:49: error: the label \"x\" must be a single value, this is a list",
            "f:2:57: error: the label \"y\" is empty"),
    ])
    func mistakes(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: [
        ("any", "the name \"any\" is reserved: it has a meaning in from and to"),
        ("node", "the name \"node\" is reserved: it has a meaning in from and to"),
        ("world", "the name \"world\" is reserved: it has a meaning in from and to"),
        ("\"\"", "the name of an identity is empty"),
        ("-a", "the name \"-a\" must start with a letter or digit"),
        (".a", "the name \".a\" must start with a letter or digit"),
        (
            "a b",
            "the name \"a b\" has a character that names cannot have: use letters, digits, \".\", \"_\" and \"-\""
        ),
        ("é", "the name \"é\" must start with a letter or digit"),
        (
            "aé",
            "the name \"aé\" has a character that names cannot have: use letters, digits, \".\", \"_\" and \"-\""
        ),
        (
            String(repeating: "a", count: 64),
            "the name \"\(String(repeating: "a", count: 64))\" is longer than 63 characters"
        ),
    ])
    func namesOutsideTheGrammar(name: String, message: String) {
        #expect(
            diagnostics("version: 1\nidentities:\n  \(name): {cidrs: [10.0.0.1]}\n") == ["f:3:3: error: \(message)"])
    }

    @Test(arguments: ["a", "0", "null", "A.b_c-9", String(repeating: "a", count: 63)])
    func namesInsideTheGrammar(name: String) throws {
        let text = "version: 1\nidentities:\n  \(name): {cidrs: [10.0.0.1]}\n"
        #expect(try parse([SourceFile(name: "f", text: text)]).0.identities.map(\.name) == [name])
    }
}
