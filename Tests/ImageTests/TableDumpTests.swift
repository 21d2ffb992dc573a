import Net
import Plan
import Policy
import Testing

@testable import Image

@Suite struct TableDumpTests {
    private func rows(_ image: Image, _ table: Image.Table) -> [[Image.Field]] {
        var rows: [[Image.Field]] = []
        image.forEachRow(of: table) { rows.append($0) }
        return rows
    }

    private func image() throws -> Image {
        var state = State()
        state.echoReply = true
        state.sets = [
            AddressSet(identity: "office", parts: [.init(prefixes: [try Prefix(parsing: "10.0.0.0/8")])]),
            AddressSet(parts: [.init(prefixes: [try Prefix(parsing: "2001:db8::/32")])], complement: true),
        ]
        state.rules = [
            RuleState(
                name: "web", from: [0], to: [.service(0)], ports: [TrafficMatch(.tcp, port: 80)], slot: 1,
                position: Position(file: "f")),
            RuleState(name: "out", from: [1], to: [.node], action: .deny, slot: 2, position: Position(file: "f")),
        ]
        let vip = try #require(IPAddress("192.0.2.1"))
        state.services = [
            ServiceState(
                name: "shop", vips: [vip], ports: [TrafficMatch(.tcp, port: 80)], forward: .ipip, drainTime: 60,
                backends: [BackendState(name: "b1", address: try #require(IPAddress("10.0.0.7")), slot: 1)],
                slot: 0, slots: ServiceSlots(current: [0, 0], previous: [0, .max], drainEnd: 12))
        ]
        let hop = try #require(MACAddress("02:00:00:00:00:01"))
        state.interfaces = [
            InterfaceState(name: "eth0", index: 4, mtu: 1500, mac: nil, nextHop: .fixed(hop), slot: 1)
        ]
        return try Image.compile(PublishedState(state: state))
    }

    @Test func rowsSayWhatTheTablesHold() throws {
        let image = try image()
        #expect(
            rows(image, .interfaces) == [
                [.number(4), .text("eth0"), .number(1), .number(1500), .none, .text("02:00:00:00:00:01"), .list([])]
            ])
        #expect(
            rows(image, .services) == [
                [
                    .number(0), .text("shop"), .number(0), .text("ipip"), .none, .number(2), .number(2),
                    .number(12), .number(1),
                ]
            ])
        #expect(
            rows(image, .slots) == [
                [.text("shop"), .number(0), .text("b1"), .text("b1")], [.text("shop"), .number(1), .text("b1"), .none],
            ])
        let backends = rows(image, .backends)
        #expect(backends.count == 1)
        #expect(
            backends[0].prefix(7) == [
                .number(0), .text("shop"), .text("b1"), .text("10.0.0.7"), .none, .none, .number(1),
            ])
        let frontends = rows(image, .frontends).map { $0.prefix(4) }
        #expect(frontends.count == 2)
        #expect(frontends.contains([.text("192.0.2.1"), .text("tcp"), .number(80), .text("shop")]))
        #expect(frontends.contains([.text("192.0.2.1"), .text("icmp"), .none, .none]))
        #expect(
            rows(image, .classes).map { $0[1] } == [
                .list(["not 2001:db8::/32"]), .list(["office", "not 2001:db8::/32"]), .list([]),
            ])
        #expect(
            rows(image, .addresses).contains([
                .text("10.0.0.0"), .text("10.255.255.255"), .number(1), .flag(false), .flag(false),
            ]))
        #expect(
            rows(image, .addresses).contains([
                .text("192.0.2.1"), .text("192.0.2.1"), .number(0), .flag(false), .flag(true),
            ]))
        #expect(rows(image, .ports).contains([.text("tcp"), .number(80), .number(80), .number(1)]))
        #expect(rows(image, .verdicts).contains { $0[3] == .text("allow") && $0[4] == .text("web") })
        #expect(rows(image, .verdicts).contains { $0[3] == .text("deny") && $0[4] == .text("default") })
    }

    /// A prefix that a rule cuts in two, a range that another one does.
    @Test func wideFrontends() throws {
        var state = State()
        state.echoReply = true
        state.sets = [AddressSet(parts: [.init(prefixes: [try Prefix(parsing: "192.0.2.8/29")])])]
        state.rules = [
            RuleState(
                name: "r", from: nil, to: [.set(0)], ports: [TrafficMatch(.tcp, 8050...9000)], slot: 1,
                position: Position(file: "f"))
        ]
        var service = ServiceState(
            name: "shop", vips: [], ports: [TrafficMatch(.tcp, 8000...8099)], forward: .ipip, drainTime: 60,
            backends: [], slot: 0)
        service.vipPrefixes = [try Prefix(parsing: "192.0.2.0/28")]
        state.services = [service]
        let rows = rows(try Image.compile(PublishedState(state: state)), .frontends)
        #expect(
            rows.map { $0.prefix(4) } == [
                [.text("192.0.2.0/28"), .text("tcp"), .text("8000-8099"), .text("shop")],
                [.text("192.0.2.0/28"), .text("icmp"), .none, .none],
                [.text("192.0.2.8/29"), .text("tcp"), .text("8000-8049"), .text("shop")],
                [.text("192.0.2.8/29"), .text("tcp"), .text("8050-8099"), .text("shop")],
                [.text("192.0.2.8/29"), .text("icmp"), .none, .none],
            ])
        #expect(rows[0][4] == rows[2][4])
        #expect(rows[2][4] != rows[3][4])
    }

    @Test(arguments: Image.Table.allCases) func everyRowHasAFieldPerColumn(table: Image.Table) throws {
        let image = try image()
        let rows = rows(image, table)
        #expect(!rows.isEmpty)
        #expect(rows.allSatisfy { $0.count == table.columns.count })
        #expect(image.bytes(of: table) > 0)
    }
}
