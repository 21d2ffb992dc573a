import Testing

@testable import Policy

/// Two services cannot answer in one place.
@Suite struct OverlapTests {
    private static func services(_ a: (String, String), _ b: (String, String), _ expected: String...) -> Case {
        Case(
            text: "version: 1\nservices:\n  a: {forward: ipip, vips: [\(a.0)], ports: [\(a.1)]}\n"
                + "  b: {forward: ipip, vips: [\(b.0)], ports: [\(b.1)]}\n", expected: expected)
    }

    @Test(arguments: [
        services(
            ("192.0.2.1", "8000-8099/tcp"), ("192.0.2.1", "8050/tcp"),
            "f:4:49: error: 8050/tcp of 192.0.2.1 overlaps 8000-8099/tcp of 192.0.2.1, which belongs to the service "
                + "\"a\": the first is at f:3:49"),
        services(
            ("192.0.2.1", "80/tcp, 443/tcp"), ("192.0.2.1", "1/tcp, 400-500/tcp"),
            "f:4:56: error: 400-500/tcp of 192.0.2.1 overlaps 443/tcp of 192.0.2.1, which belongs to the service "
                + "\"a\": the first is at f:3:57"),
        services(
            ("192.0.2.1", "80/udp"), ("192.0.2.0/24", "udp"),
            "f:4:52: error: udp of 192.0.2.0/24 overlaps 80/udp of 192.0.2.1, which belongs to the service \"a\": "
                + "the first is at f:3:49"),
        services(
            ("192.0.2.0/24", "5-9/sctp"), ("192.0.2.0/24", "5-9/sctp"),
            "f:4:52: error: 5-9/sctp of 192.0.2.0/24 belongs to the service \"a\" already: the first is at f:3:52"),
        services(
            ("192.0.2.1", "tcp"), ("192.0.2.2, 192.0.2.0/31", "tcp"),
            "f:4:63: error: tcp of 192.0.2.0/31 overlaps tcp of 192.0.2.1, which belongs to the service \"a\": "
                + "the first is at f:3:49"),
        services(("192.0.2.0/24", "80/tcp"), ("192.0.2.7", "81-90/tcp, 80/udp")),
        services(("192.0.2.0/25", "tcp"), ("192.0.2.128/25", "tcp")),
        services(("192.0.2.1", "tcp"), ("\"2001:db8::/32\"", "tcp")),
        // Of one service nothing is too much.
        services(("192.0.2.0/24, 192.0.2.7", "80/tcp, 1-100/tcp, tcp"), ("192.0.2.9", "udp")),
    ])
    func overlaps(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test func acrossFiles() {
        let first = "version: 1\nservices: {a: {vips: [192.0.2.0/28], ports: [tcp], forward: ipip}}\n"
        let second = "version: 1\nservices: {b: {vips: [192.0.2.3], ports: [9/tcp], forward: ipip}}\n"
        #expect(
            diagnostics(first, second) == [
                "f2:2:43: error: 9/tcp of 192.0.2.3 overlaps tcp of 192.0.2.0/28, which belongs to the service \"a\": "
                    + "the first is at f:2:46"
            ])
    }

    /// As many services as nodes have, some within each other, without any two meeting.
    @Test func manyServices() throws {
        var text =
            "version: 1\nservices:\n  around: {vips: [10.0.0.0/8], ports: [1-79/tcp, 61000-65535/tcp], forward: ipip}\n"
        for service in 0..<1000 {
            let vips = (0..<10).map { "10.\(service / 250).\(service % 250).\($0 * 8)/30" }.joined(separator: ", ")
            text +=
                "  s\(service): {vips: [\(vips)], ports: [80/tcp, 1000-1999/tcp, 3000-60999/tcp, udp], forward: ipip}\n"
            text += "  t\(service): {vips: [\(vips)], ports: [81-999/tcp, 2000-2999/tcp, sctp], forward: ipip}\n"
        }
        let start = ContinuousClock.now
        #expect(diagnostics(text) == [])
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(
            diagnostics(text + "  last: {vips: [10.3.249.72], ports: [2999/tcp], forward: ipip}\n").map {
                $0.prefix(60)
            }
                == ["f:2004:39: error: 2999/tcp of 10.3.249.72 overlaps 2000-2999"])
    }
}
