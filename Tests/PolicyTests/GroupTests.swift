import Testing

@testable import Policy

@Suite struct GroupTests {
    private func service(_ body: String) -> String {
        "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip,\n\(body)}}\n"
    }

    @Test func groups() throws {
        let text = service(
            """
            groups: {stable: {weight: 95}, canary: },
            backends: {a: {address: 10.0.0.1, group: stable}, b: {address: 10.0.0.2, group: canary}}
            """)
        let service = try #require(try parse([SourceFile(name: "f", text: text)]).0.services.first)
        #expect(service.groups.map(\.name) == ["stable", "canary"])
        #expect(service.groups.map(\.weight) == [95, 1])
        #expect(service.backends.map(\.group) == ["stable", "canary"])
        #expect(diagnostics(text).isEmpty)
    }

    @Test(arguments: [
        (
            "groups: {stable: {weight: 95}}, backends: {a: {address: 10.0.0.1}}",
            [
                "f:3:44: error: the backend \"a\" is in no group: its service has groups, so write one of them, as "
                    + "group: stable"
            ]
        ),
        (
            "groups: {stable: {weight: 95}}, backends: {a: {address: 10.0.0.1, group: stabel}}",
            ["f:3:74: error: the service has no group \"stabel\": did you mean \"stable\"?"]
        ),
        (
            "backends: {a: {address: 10.0.0.1, group: canary}}",
            ["f:3:42: error: the service has no group \"canary\": its groups stand in groups, with their weights"]
        ),
        (
            "groups: {a: {weight: 70000}}, backends: {b: {address: 10.0.0.1, group: a}}",
            ["f:3:22: error: the weight 70000 is out of range: it is 0 to 65535"]
        ),
        (
            "groups: {a: {share: 7}}, backends: {b: {address: 10.0.0.1, group: a}}",
            ["f:3:14: error: unknown key \"share\" in a group: its keys are weight"]
        ),
        ("groups: [a]", ["f:3:9: error: \"groups\" must be a mapping from names, this is a list"]),
        (
            "groups: {a: {weight: 1}, b: {weight: 1}}, backends: {c: {address: 10.0.0.1, group: a}}",
            ["f:3:26: warning: no backend is in the group \"b\": its share goes to the others"]
        ),
    ])
    func mistakes(body: String, expected: [String]) {
        #expect(diagnostics(service(body)).sorted() == expected.sorted())
    }
}
