import Net
import Plan
import Policy
import Testing

@testable import Commands

/// What scripts and people see of each report; the keys in these goldens are promises.
@Suite struct ReportTests {
    private static let place = Position(file: "node.yaml", line: 7, column: 5)

    static func reports() throws -> [(String, any Report)] {
        let address = { (text: String) in try #require(IPAddress(text)) }
        let shop = ServiceReport.Service(
            name: "shop", vips: [Prefix(try address("192.0.2.10")), Prefix(try address("2001:db8::10"))],
            ports: [TrafficMatch(.tcp, port: 443), TrafficMatch(.udp, port: 443)], forward: "ipip",
            scheduler: "latency", affinity: 600, traffic: Traffic(packets: 1200, bytes: 96_000),
            backends: [
                .init(
                    name: "shop-1", address: try address("10.0.1.1"), weight: 100, state: .up, flows: 12,
                    handshake: 850,
                    traffic: Traffic(packets: 1000, bytes: 80_000)),
                .init(
                    name: "shop-2", address: try address("2001:db8:2::2"), weight: 1, group: "canary", zone: "paris",
                    state: .draining, traffic: Traffic(packets: 200, bytes: 16_000), connections: 17,
                    drainSeconds: 598),
            ])
        let idle = ServiceReport.Service(
            name: "idle", vips: [Prefix(try address("192.0.2.11"))], ports: [TrafficMatch(.tcp, port: 80)],
            forward: "direct",
            scheduler: "maglev", traffic: Traffic(), backends: [])
        let web = PolicyReport.Policy(
            name: "office-to-shop", from: ["office", "tier=web"], to: ["shop"], ports: [TrafficMatch(.tcp, port: 443)],
            action: .allow, priority: 10, traffic: Traffic(packets: 5, bytes: 300))
        let fallback = PolicyReport.Policy(
            name: "default", from: ["any"], to: ["any"], ports: [], action: .deny, priority: nil,
            traffic: Traffic(packets: 2, bytes: 120))
        var office = Identity(name: "office", position: place)
        office.cidrs = [try Prefix(parsing: "203.0.113.0/24"), try Prefix(parsing: "2001:db8:1::/48")]
        office.except = [try Prefix(parsing: "203.0.113.128/25")]
        office.labels = ["site": "paris", "floor": "2"]
        let client = try address("203.0.113.9")

        return [
            ("service-list", ServiceReport(services: [shop, idle])),
            ("service-show", ServiceReport(services: [shop], detailed: true)),
            ("service-show-empty", ServiceReport(services: [idle], detailed: true)),
            ("policy-list", PolicyReport(policies: [web], fallback: fallback)),
            ("policy-show", PolicyReport(policies: [web], detailed: true)),
            ("identity-list", IdentityReport(identities: [office])),
            ("identity-lookup", LookupReport(address: client, identities: ["office", "all"])),
            ("identity-lookup-nobody", LookupReport(address: client, identities: [])),
            (
                "drops",
                DropReport([
                    .init(
                        reason: "policy", interface: "eth0", rule: "no-guests", traffic: Traffic(packets: 3, bytes: 180)
                    ),
                    .init(
                        reason: "default", interface: "eth0", rule: "default", traffic: Traffic(packets: 9, bytes: 540)),
                    .init(reason: "malformed", interface: nil, rule: nil, traffic: Traffic(packets: 1, bytes: 60)),
                    .init(reason: "fragment", interface: "eth0", rule: nil, traffic: Traffic()),
                ])
            ),
            ("drops-none", DropReport([])),
            (
                "drop-event",
                DropEventReport(
                    time: "12.000345", reason: "default", interface: "eth0", rule: "default", ipProtocol: .tcp,
                    source: client, sourcePort: 40_000, destination: try address("192.0.2.10"), destinationPort: 22,
                    length: 74)
            ),
            (
                "drop-event-early",
                DropEventReport(
                    time: "0.500000", reason: "not_ip", interface: nil, rule: nil, ipProtocol: nil, source: nil,
                    sourcePort: nil, destination: nil, destinationPort: nil, length: 60)
            ),
            (
                "flow-list",
                FlowReport(rows: [
                    .init(
                        kind: "tracked", source: try address("2001:db8::5"), sourcePort: 53,
                        destination: try address("2001:db8::1"), destinationPort: 40_000, ipProtocol: .udp,
                        state: "open", backend: nil, idle: 4),
                    .init(
                        kind: "connection", source: client, sourcePort: 40_000,
                        destination: try address("192.0.2.10"), destinationPort: 443, ipProtocol: .tcp, state: "open",
                        backend: "shop/shop-1", idle: 60),
                    .init(
                        kind: "client", source: client, sourcePort: nil, destination: nil, destinationPort: nil,
                        ipProtocol: nil, state: nil, backend: "shop/shop-1", idle: 61),
                    .init(
                        kind: "inbound", source: client, sourcePort: nil, destination: try address("192.0.2.10"),
                        destinationPort: nil, ipProtocol: .gre, state: "opening", backend: nil, idle: 0),
                    .init(
                        kind: "translated", source: client, sourcePort: 40000,
                        destination: try address("192.0.2.10"), destinationPort: 443, ipProtocol: .tcp, state: "open",
                        backend: "shop/shop-1", idle: 1,
                        translated: .init(
                            source: try address("10.0.0.1"), sourcePort: 61000,
                            destination: try address("10.0.1.1"), destinationPort: 8443)),
                ])
            ),
            ("flow-list-none", FlowReport(rows: [])),
            (
                "status",
                StatusReport(
                    instance: "default", program: 42, generation: 1, published: "2026-01-02T03:04:05Z",
                    interfaces: [
                        .init(
                            name: "eth0", mode: "native",
                            packets: Dispositions(pass: 10, drop: 20, tx: 30, redirect: 40)),
                        .init(name: "eth1", mode: nil, packets: Dispositions()),
                    ],
                    services: .init(total: 2, up: 1, down: ["idle"]),
                    localClients: .init(scope: "node", cgroup: "/system.slice", attached: true), policies: 1,
                    overrides: ["backend drain shop shop-2"],
                    packets: Dispositions(pass: 11, drop: 20, tx: 30, redirect: 40), unremembered: 7,
                    problems: ["eth1 is not attached: apply again"])
            ),
            (
                "explain-allow",
                ExplainReport(
                    verdict: .allow, action: "redirect", reason: "allowed", rule: "office-to-shop", service: "shop",
                    backend: .init(name: "shop-1", address: try address("10.0.1.1")),
                    source: LookupReport(address: client, identities: ["office"]),
                    path: ["from 203.0.113.9 (office), comes in on eth0", "policy office-to-shop allows"])
            ),
            (
                "explain-malformed",
                ExplainReport(
                    verdict: .deny, action: "drop", reason: "malformed", rule: nil, service: nil, backend: nil,
                    source: LookupReport(address: try address("127.0.0.1"), identities: []), path: [])
            ),
            (
                "test",
                TestReport(outcomes: [
                    .init(
                        position: place, flow: "203.0.113.9 -> 192.0.2.10:443/tcp", expected: .allow, verdict: .allow,
                        reason: "allowed", rule: "office-to-shop"),
                    .init(
                        position: place, flow: "203.0.113.9 -> 192.0.2.10:22/tcp", expected: .allow, verdict: .deny,
                        reason: "no_service", rule: nil),
                ])
            ),
            ("test-none", TestReport(outcomes: [])),
            (
                "diff",
                ChangeReport(
                    changes: [
                        Change(.add, .service, "shop", "192.0.2.10 443/tcp"), Change(.remove, .policy, "old"),
                        Change(.change, .backend, "shop/shop-1", "weight 1 -> 5"),
                    ], overrides: ["backend drain shop shop-2"])
            ),
            (
                "map-list",
                MapReport(
                    rows: [
                        .init(name: "frontends", bytes: 4096, summary: "where addresses and ports meet services"),
                        .init(name: "ports", bytes: 64, summary: "the class of each range of ports"),
                    ], bytes: 8192, capacity: 65_536)
            ),
            ("diff-none", ChangeReport(changes: [], overrides: [])),
        ]
    }

    @Test func reportsReadAsPromised() throws {
        for (name, report) in try Self.reports() {
            try expectGolden(report.text(.plain), "reports/\(name).txt")
            try expectGolden(report.json.document + "\n", "reports/\(name).json")
        }
    }

    /// Paint is dressing: what is said does not depend on it.
    @Test func colourChangesNoWord() throws {
        for (name, report) in try Self.reports() {
            let painted = report.text(Style(colour: true)).replacing(/\u{1B}\[[0-9]+m/, with: "")
            #expect(painted == report.text(.plain), "\(name)")
        }
    }

    @Test func dropsAreInOrderOfTheirNumber() {
        let row = { DropReport.Row(reason: $0, interface: nil, rule: nil, traffic: Traffic(packets: $1)) }
        let report = DropReport([row("b", 1), row("a", 1), row("c", 7), row("d", 0)])
        #expect(report.rows.map(\.reason) == ["c", "a", "b"])
    }
}
