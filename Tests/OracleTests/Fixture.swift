import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// One node that all cases play on.
///
/// Clients come in through eth0. `shop` (443/tcp, 443/udp) is on 192.0.2.10 and 2001:db8::10, which are not the node's;
/// `dns` (53/udp, by `direct`) is on 10.0.0.1 as well, which is; `idle` has no backends. The node has 10.0.0.1 and
/// 2001:db8:f::1. The state has no rules: each case brings its own, `office` being 203.0.113.0/24 without .128/25, and
/// 2001:db8:1::/48.
enum Fixture {
    static let eth0: UInt32 = 2
    static let eth1: UInt32 = 3
    static let mac0 = MACAddress(octets: (0x02, 0, 0, 0, 0, 0x20))
    static let mac1 = MACAddress(octets: (0x02, 0, 0, 0, 0, 0x30))
    static let router = MACAddress(octets: (0x02, 0, 0, 0, 1, 1))
    static let other = MACAddress(octets: (0x02, 0, 0, 0, 1, 2))
    static let fixedHop = MACAddress(octets: (0x02, 0, 0, 0, 1, 3))
    static let backendMAC = MACAddress(octets: (0x02, 0, 0, 0, 1, 4))

    static let office = 0
    static let shopAddresses = 1
    static let nodeNet = 2
    static let shop = 0
    static let dns = 1
    static let idle = 2

    static func state(_ rules: [RuleState] = []) -> State {
        var state = State()
        state.interfaces = [
            InterfaceState(
                name: "eth0", index: eth0, mtu: 1500, mac: mac0,
                decapsulate: [.ipip, Decapsulation(.vxlan, vnis: [7])], slot: 1),
            InterfaceState(name: "eth1", index: eth1, mtu: 1400, mac: mac1, nextHop: .fixed(fixedHop), slot: 2),
        ]
        state.sets = [
            set("office", ["203.0.113.0/24", "2001:db8:1::/48"], except: ["203.0.113.128/25"]),
            set(nil, ["192.0.2.10/32", "2001:db8::10/128"]),
            set("net", ["10.0.0.0/8", "203.0.113.9/32"]),
        ]
        state.rules = rules
        state.services = [
            ServiceState(
                name: "shop", vips: addresses("192.0.2.10", "2001:db8::10"),
                ports: [TrafficMatch(.tcp, port: 443), TrafficMatch(.udp, port: 443)], forward: .ipip, drainTime: 3600,
                backends: [
                    backend("shop-1", "10.1.0.1", source: "10.0.0.1", slot: 1),
                    backend("shop-2", "2001:db8:2::2", source: "2001:db8:f::1", slot: 2),
                ], slot: 0, slots: ServiceSlots(current: [0])),
            ServiceState(
                name: "dns", vips: addresses("192.0.2.53", "10.0.0.1"), ports: [TrafficMatch(.udp, port: 53)],
                forward: .direct, drainTime: 0,
                backends: [
                    BackendState(name: "dns-1", address: address("10.1.0.3"), mac: backendMAC, slot: 3),
                    BackendState(name: "dns-2", address: address("10.1.0.4"), slot: 4),
                ], slot: 1, slots: ServiceSlots(current: [0])),
            ServiceState(
                name: "idle", vips: addresses("192.0.2.99"), ports: [TrafficMatch(.tcp, port: 80)], forward: .ipip,
                drainTime: 0, backends: [], slot: 2),
        ]
        // Beside the shop, on prefixes and ranges, for the net only.
        state.services.append(
            ServiceState(
                name: "files", vips: addresses("192.0.2.10"),
                ports: [TrafficMatch(.tcp, 8000...8099), TrafficMatch(.sctp)],
                forward: .direct, drainTime: 0, backends: [], slot: 3))
        state.services[3].vipPrefixes = [prefix("192.0.2.128/25"), prefix("2001:db8:10::/64")]
        state.services[3].sources = [2]
        state.nodeAddresses = addresses("10.0.0.1", "2001:db8:f::1")
        return state
    }

    static var environment: Environment {
        let hop = { Environment.NextHop(interface: $0, destination: $1, source: $2, mtu: 1500) }
        return Environment(
            localAddresses: Set(addresses("10.0.0.1", "10.0.0.255", "2001:db8:f::1")),
            routes: [
                address("10.1.0.1"): .neighbour(hop(eth0, router, mac0)),
                address("2001:db8:2::2"): .neighbour(hop(eth1, other, mac1)),
                address("10.1.0.4"): .noNeighbour,
            ])
    }

    static func oracle(_ rules: [RuleState] = [allow()], _ change: (inout State) -> Void = { _ in }) -> Oracle {
        var state = state(rules)
        change(&state)
        return Oracle(state: state, environment: environment, now: 1000)
    }

    // MARK: Rules

    static func allow(
        _ name: String = "allow", from: [Int]? = nil, to: [RuleState.Destination] = [.any],
        ports: [TrafficMatch]? = nil,
        priority: Int16 = 0
    ) -> RuleState { rule(name, .allow, from, to, ports, priority) }

    static func deny(
        _ name: String = "deny", from: [Int]? = nil, to: [RuleState.Destination] = [.any],
        ports: [TrafficMatch]? = nil,
        priority: Int16 = 0
    ) -> RuleState { rule(name, .deny, from, to, ports, priority) }

    private static func rule(
        _ name: String, _ action: Action, _ from: [Int]?, _ to: [RuleState.Destination], _ ports: [TrafficMatch]?,
        _ priority: Int16
    ) -> RuleState {
        RuleState(
            name: name, from: from, to: to, ports: ports, action: action, priority: priority, slot: 7,
            position: Position(file: "test.yaml"))
    }

    // MARK: Values

    /// Text that is an address; anything else fails the case that uses it.
    static func prefix(_ text: String) -> Prefix {
        if let prefix = try? Prefix(parsing: text) { return prefix }
        Issue.record("not a prefix: \(text)")
        return Prefix(address("0.0.0.0"))
    }

    static func address(_ text: String) -> IPAddress {
        if let address = IPAddress(text) { return address }
        Issue.record("not an address: \(text)")
        return .v4(IPv4Address(0))
    }

    static func addresses(_ texts: String...) -> [IPAddress] { texts.map(address) }

    private static func set(_ identity: String?, _ prefixes: [String], except: [String] = []) -> AddressSet {
        let parse = { (texts: [String]) in texts.compactMap { try? Prefix(parsing: $0) } }
        return AddressSet(identity: identity, parts: [.init(prefixes: parse(prefixes), except: parse(except))])
    }

    private static func backend(_ name: String, _ at: String, source: String, slot: UInt32) -> BackendState {
        BackendState(name: name, address: address(at), tunnelSource: address(source), slot: slot)
    }
}

/// A packet between two addresses of one family, given as text.
func packet(_ source: String, _ destination: String, _ payload: Payload) -> IPPacket {
    IPPacket(from: Fixture.address(source), to: Fixture.address(destination), payload)
}

extension Payload {
    static func syn(_ port: UInt16, from source: UInt16 = 40000) -> Payload {
        .tcp(TCPSegment(from: source, to: port, .syn))
    }

    static func ack(_ port: UInt16, from source: UInt16 = 40000, _ data: [UInt8] = []) -> Payload {
        .tcp(TCPSegment(from: source, to: port, .ack, data: data))
    }

    static func udp(_ port: UInt16, from source: UInt16 = 40000, _ data: [UInt8] = []) -> Payload {
        .udp(UDPDatagram(from: source, to: port, data: data))
    }

    static let ping = Payload.icmp(ICMPMessage(echo: 8, identifier: 0x1234, data: [1, 2, 3]))
    static let ping6 = Payload.icmpv6(ICMPMessage(echo: 128, identifier: 0x1234, data: [1, 2, 3]))
}

extension IPPacket {
    func v4(_ change: (inout IPv4Packet) -> Void) -> IPPacket {
        guard case .v4(var packet) = self else { return self }
        change(&packet)
        return .v4(packet)
    }

    func v6(_ change: (inout IPv6Packet) -> Void) -> IPPacket {
        guard case .v6(var packet) = self else { return self }
        change(&packet)
        return .v6(packet)
    }

    func tcp(_ change: (inout TCPSegment) -> Void) -> IPPacket {
        guard case .tcp(var segment) = payload else { return self }
        change(&segment)
        var packet = self
        packet.payload = .tcp(segment)
        return packet
    }
}

extension Oracle {
    mutating func judge(_ packet: IPPacket, on interface: UInt32 = Fixture.eth0) -> Judgement {
        judge(frame: Frame(packet).bytes, interface: interface)
    }
}
