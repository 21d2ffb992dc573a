import Testing

@testable import Policy

@Suite struct ZoneTests {
    private static let backends = "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, backends:"

    @Test func zones() throws {
        let text = """
            version: 1
            zones:
              paris: {cidrs: [10.1.0.0/16, "2001:db8:a::/48"], except: [10.1.9.0/24]}
              lyon: {cidrs: [10.1.9.0/24]}
              far:
            \(Self.backends) {a: {address: 10.0.0.1, zone: paris}, b: {address: 10.0.0.2}}}}
            """
        #expect(diagnostics(text).isEmpty)
        let document = try parse([SourceFile(name: "f", text: text)]).0
        #expect(document.zones.map(\.name) == ["paris", "lyon", "far"])
        #expect(document.zones.map(\.cidrs.count) == [2, 1, 0])
        #expect(document.services[0].backends.map(\.zone) == ["paris", nil])
    }

    @Test func zonesOfAllFilesAreKnown() {
        let first = "version: 1\n\(Self.backends) {a: {address: 10.0.0.1, zone: paris}}}}"
        #expect(diagnostics(first, "version: 1\nzones: {paris: {cidrs: [10.1.0.0/16]}}").isEmpty)
        #expect(
            diagnostics("version: 1\nzones: {paris: }", "version: 1\nzones: {paris: }") == [
                "f2:2:9: error: there is a zone \"paris\" already: the first is at f:2:9"
            ])
    }

    @Test(arguments: [
        Case.section(
            "zones: {paris: }\n\(backends) {a: {address: 10.0.0.1, zone: pariss}}}}",
            "f:3:106: error: there is no zone \"pariss\": did you mean \"paris\"?"),
        Case.section(
            "\(backends) {a: {address: 10.0.0.1, zone: far}}}}",
            "f:2:106: error: there is no zone \"far\": zones stand in zones, with the prefixes of their clients"),
        Case.section(
            "zones: {a: {cidrs: [10.0.0.0/8]}, b: {cidrs: [10.1.0.0/16]}}",
            "f:2:35: error: the zone \"b\" shares 10.1.0.0/16 with the zone \"a\": a client is in one zone; write except: "
                + "[\"10.1.0.0/16\"] there"),
        Case.section(
            "zones: {a: {cidrs: [10.0.0.0/8]}, b: {cidrs: [10.0.0.0/8]}}",
            "f:2:35: error: the zone \"b\" shares 10.0.0.0/8 with the zone \"a\": a client is in one zone"),
        Case.section(
            "zones: {a: {cidrs: [10.1.0.0/8]}}",
            "f:2:21: error: the prefix \"10.1.0.0/8\" has host bits set: did you mean 10.0.0.0/8?"),
        Case.section(
            "zones: {a: {labels: {}}}", "f:2:13: error: unknown key \"labels\" in a zone: its keys are cidrs, except"),
    ])
    func mistakes(mistake: Case) {
        #expect(diagnostics(mistake.text) == mistake.expected)
    }
}
