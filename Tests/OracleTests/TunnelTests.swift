import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// The backend's side: eth0 takes tunnel headers off, eth1 does not.
@Suite struct TunnelTests {
    private static let balancer = "198.51.100.200"
    private static let balancer6 = "2001:db8:99::200"

    private static func tunnel(_ inner: IPPacket, to node: String = "10.0.0.1") -> IPPacket {
        packet(node.contains(":") ? balancer6 : balancer, node, .ip(inner))
    }

    private static func broken(_ bytes: [UInt8], as ipProtocol: IPProtocol = .ipip) -> IPPacket {
        packet(balancer, "10.0.0.1", .raw(ipProtocol, bytes))
    }

    private static let inner = packet("203.0.113.9", "10.0.0.1", .syn(80))
    private static let inner6 = packet("2001:db8:1::7", "2001:db8:f::1", .syn(80))
    private static let rules = [
        Fixture.allow(from: [Fixture.office], to: [.node], ports: [TrafficMatch(.tcp, port: 80)])
    ]

    @Test(arguments: [inner, inner6], ["10.0.0.1", "2001:db8:f::1"]) func takesTheHeaderOff(
        _ inner: IPPacket, _ node: String
    ) {
        var oracle = Fixture.oracle(Self.rules)
        let tags = [Frame.VLANTag(5)]
        let frame = Frame(to: Fixture.mac0, from: Fixture.router, tags: tags, .ip(Self.tunnel(inner, to: node)))
        let judgement = oracle.judge(frame: frame.bytes + [0xEE], interface: Fixture.eth0)
        #expect(judgement.outcome == .passAllowed)
        #expect(judgement.rule?.name == "allow")
        #expect(judgement.identities.first == "office")
        let expected = Frame(to: Fixture.mac0, from: Fixture.router, tags: tags, .ip(inner)).bytes + [0xEE]
        #expect(judgement.bytes == expected)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let packet: IPPacket
        let outcome: Outcome
        var rules = TunnelTests.rules
        var interface = Fixture.eth0
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "inner source not allowed", packet: tunnel(packet("198.51.100.9", "10.0.0.1", .syn(80))),
            outcome: .dropDefault),
        Case(
            name: "inner port not allowed", packet: tunnel(packet("203.0.113.9", "10.0.0.1", .syn(81))),
            outcome: .dropDefault),
        Case(
            name: "the balancer denied", packet: tunnel(inner), outcome: .dropPolicy,
            rules: [Fixture.deny(to: [.node], ports: [TrafficMatch(.ipip)])] + rules),
        Case(
            name: "a denial that another rule overrides", packet: tunnel(inner), outcome: .passAllowed,
            rules: [
                Fixture.deny(ports: [TrafficMatch(.ipip)]), Fixture.allow(ports: [TrafficMatch(.ipip)], priority: 1),
            ] + rules),
        Case(
            name: "the other tunnel denied", packet: tunnel(inner), outcome: .passAllowed,
            rules: [Fixture.deny(ports: [TrafficMatch(.ipv6)])] + rules),
        Case(name: "another interface", packet: tunnel(inner), outcome: .dropDefault, interface: Fixture.eth1),
        Case(
            name: "another interface, allowed as any protocol", packet: tunnel(inner), outcome: .passAllowed,
            rules: [Fixture.allow(ports: [TrafficMatch(.ipip)])], interface: Fixture.eth1),
        Case(name: "beyond the node", packet: tunnel(inner, to: "10.9.9.9"), outcome: .dropDefault),

        // Inside.
        Case(
            name: "never balanced", packet: tunnel(packet("203.0.113.9", "192.0.2.10", .syn(443))),
            outcome: .dropNoService, rules: [Fixture.allow()]),
        Case(
            name: "not answered either", packet: tunnel(packet("203.0.113.9", "192.0.2.10", .ping)),
            outcome: .dropNoService,
            rules: [Fixture.allow()]),
        Case(
            name: "a VIP that is the node's", packet: tunnel(packet("203.0.113.9", "10.0.0.1", .udp(53))),
            outcome: .passAllowed, rules: [Fixture.allow(to: [.node])]),
        Case(
            name: "transit", packet: tunnel(packet("203.0.113.9", "10.9.9.9", .syn(80))), outcome: .passAllowed,
            rules: [Fixture.allow()]),
        Case(name: "once only", packet: tunnel(tunnel(inner)), outcome: .dropDefault),
        Case(
            name: "once only, allowed as any protocol", packet: tunnel(tunnel(inner)), outcome: .passAllowed,
            rules: [Fixture.allow(ports: [TrafficMatch(.ipip)])]),
        Case(name: "inner TTL", packet: tunnel(inner.v4 { $0.timeToLive = 0 }), outcome: .dropMalformed),
        Case(
            name: "inner source is the node", packet: tunnel(packet("10.0.0.1", "10.9.9.9", .syn(80))),
            outcome: .dropMalformed),
        Case(name: "inner flags", packet: tunnel(inner.tcp { $0.flags = [] }), outcome: .dropMalformed),
        Case(name: "outer TTL", packet: tunnel(inner).v4 { $0.timeToLive = 0 }, outcome: .dropMalformed),
        Case(
            name: "neighbour discovery",
            packet: tunnel(
                packet("fe80::1", "2001:db8:f::1", .icmpv6(ICMPMessage(type: 135))).v6 { $0.hopLimit = 255 }),
            outcome: .dropTunnel),
        Case(
            name: "neighbour discovery from afar",
            packet: tunnel(packet("fe80::1", "2001:db8:f::1", .icmpv6(ICMPMessage(type: 135)))), outcome: .dropMalformed
        ),
        Case(
            name: "an answer to a DHCP client", packet: tunnel(packet("192.168.1.1", "10.0.0.1", .udp(68, from: 67))),
            outcome: .dropTunnel),

        // No packet inside.
        Case(name: "empty", packet: broken([]), outcome: .dropTunnel),
        Case(name: "no IP", packet: broken([0x00, 1, 2, 3]), outcome: .dropTunnel),
        Case(name: "the other version", packet: broken(inner6.bytes), outcome: .dropTunnel),
        Case(name: "the other protocol", packet: broken(inner.bytes, as: .ipv6), outcome: .dropTunnel),
        Case(name: "truncated", packet: broken(Array(inner.bytes.prefix(30))), outcome: .dropMalformed),
        Case(name: "a first fragment", packet: tunnel(inner).v4 { $0.moreFragments = true }, outcome: .dropTunnel),
        Case(
            name: "a later fragment", packet: broken(inner.bytes).v4 { $0.fragmentOffset = 9 }, outcome: .dropFragment),
    ]

    @Test(arguments: cases) func outcome(_ test: Case) {
        var oracle = Fixture.oracle(test.rules)
        let judgement = oracle.judge(test.packet, on: test.interface)
        #expect(judgement.outcome == test.outcome)
        let isOpened = test.outcome.action == .pass && test.interface == Fixture.eth0
        #expect((judgement.bytes != nil) == isOpened)
    }

    /// A tunnel that stands behind its own header: padding of the frame is no part of the inner packet.
    @Test func innerPacketEndsWithTheOuter() {
        var oracle = Fixture.oracle(Self.rules)
        let long = Self.inner.v4 { $0.totalLength = 41 }
        var frame = Frame(Self.tunnel(long))
        frame.trailer = [0, 0, 0]
        #expect(oracle.judge(frame: frame.bytes, interface: Fixture.eth0).outcome == .dropMalformed)
    }

    @Test func repliesAndFragmentsInside() {
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Frame(packet("10.0.0.1", "203.0.113.9", .udp(53, from: 5000))).bytes)
        let reply = packet("203.0.113.9", "10.0.0.1", .udp(5000, from: 53))
        #expect(oracle.judge(Self.tunnel(reply)).outcome == .passReply)
        #expect(oracle.judge(Self.tunnel(reply.v4 { $0.moreFragments = true })).outcome == .passReply)
        var later = reply
        later.payload = .raw(.udp, [1, 2, 3])
        #expect(oracle.judge(Self.tunnel(later.v4 { $0.fragmentOffset = 9 })).outcome == .passReply)
    }
}
