import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

@Suite struct FragmentTests {
    private static func first(_ packet: IPPacket, _ identification: UInt32 = 77) -> IPPacket {
        packet.v4 {
            $0.dontFragment = false
            $0.moreFragments = true
            $0.identification = UInt16(identification)
        }.v6 { $0.extensionHeaders = [.fragment(offset: 0, more: true, identification: identification)] }
    }

    private static func later(_ packet: IPPacket, _ identification: UInt32 = 77, offset: UInt16 = 100) -> IPPacket {
        var fragment = packet
        fragment.payload = .raw(packet.payload.ipProtocol, [UInt8](repeating: 0xFF, count: 64))
        return fragment.v4 {
            $0.dontFragment = false
            $0.fragmentOffset = offset
            $0.identification = UInt16(identification)
        }.v6 { $0.extensionHeaders = [.fragment(offset: offset, more: false, identification: identification)] }
    }

    private static let cases: [(IPPacket, Outcome)] = [
        (packet("203.0.113.9", "192.0.2.10", .syn(443)), .txForwarded),
        (packet("2001:db8:1::7", "2001:db8::10", .udp(443)), .txForwarded),
        (packet("203.0.113.9", "10.0.0.1", .udp(99)), .passAllowed),
        (packet("203.0.113.9", "10.9.9.9", .syn(99)), .passAllowed),
        (packet("203.0.113.9", "10.0.0.1", .ping), .passAllowed),
        (packet("203.0.113.9", "10.0.0.1", .raw(.gre, [0, 0, 0, 0])), .passAllowed),
        (packet("203.0.113.9", "192.0.2.53", .udp(53)), .txForwarded),
    ]

    /// Exactly the traffic of the cases, so that a later fragment with the wrong selector is refused.
    private static let rules = [
        Fixture.allow(ports: [
            TrafficMatch(.tcp, port: 443), TrafficMatch(.udp, port: 443), TrafficMatch(.tcp, port: 99),
            TrafficMatch(.udp, port: 99), TrafficMatch(.udp, port: 53), TrafficMatch(.icmp, icmpType: 8),
            TrafficMatch(.gre),
        ])
    ]

    @Test(arguments: cases) func laterFollowsFirst(_ packet: IPPacket, _ outcome: Outcome) {
        var oracle = Fixture.oracle(Self.rules)
        #expect(oracle.judge(Self.later(packet)).outcome == .dropFragment)
        let first = oracle.judge(Self.first(packet))
        #expect(first.outcome == outcome)
        let later = oracle.judge(Self.later(packet))
        #expect(later.outcome == outcome)
        #expect(later.rule == first.rule)
        #expect(later.backend == first.backend)
        #expect(oracle.judge(Self.later(packet, 78)).outcome == .dropFragment)
        oracle.now += 30
        #expect(oracle.judge(Self.later(packet)).outcome == outcome)
        oracle.now += 1
        #expect(oracle.judge(Self.later(packet)).outcome == .dropFragment)
    }

    @Test func firstsThatAreRefusedAreNotRemembered() {
        let packet = packet("203.0.113.9", "10.0.0.1", .udp(99))
        var oracle = Fixture.oracle([])
        #expect(oracle.judge(Self.first(packet)).outcome == .dropDefault)
        oracle.state = Fixture.state([Fixture.allow()])
        #expect(oracle.judge(Self.later(packet)).outcome == .dropFragment)
    }

    @Test func policyIsAskedForEveryFragment() {
        let packet = packet("203.0.113.9", "10.0.0.1", .udp(99))
        var oracle = Fixture.oracle()
        #expect(oracle.judge(Self.first(packet)).outcome == .passAllowed)
        oracle.state = Fixture.state([])
        #expect(oracle.judge(Self.later(packet)).outcome == .dropDefault)
    }

    /// The same backend for all, though only the first has the ports that the hash needs.
    @Test func oneBackendForAll() {
        var oracle = Fixture.oracle { $0.services[Fixture.shop].slots.current = (0..<97).map { $0 % 2 } }
        for port in UInt16(1)...40 {
            let packet = packet("203.0.113.9", "192.0.2.10", .udp(443, from: port))
            let first = oracle.judge(Self.first(packet, UInt32(port)))
            #expect(first.backend != nil)
            #expect(oracle.judge(Self.later(packet, UInt32(port))).backend == first.backend)
        }
    }

    @Test func overlappingTheTCPHeader() {
        for packet in [packet("203.0.113.9", "10.0.0.1", .syn(99)), packet("2001:db8:1::7", "2001:db8:f::1", .syn(99))]
        {
            var oracle = Fixture.oracle()
            #expect(oracle.judge(Self.first(packet)).outcome == .passAllowed)
            #expect(oracle.judge(Self.later(packet, offset: 1)).outcome == .dropMalformed)
            #expect(oracle.judge(Self.later(packet, offset: 2)).outcome == .passAllowed)
        }
    }

    /// The first fragment states the length of the whole datagram.
    @Test func lengthOfAFirstFragment() {
        var datagram = UDPDatagram(from: 1, to: 99, data: [1, 2, 3, 4])
        datagram.length = 4000
        let packet = packet("203.0.113.9", "10.0.0.1", .udp(datagram))
        var oracle = Fixture.oracle()
        #expect(oracle.judge(packet).outcome == .dropMalformed)
        #expect(oracle.judge(Self.first(packet)).outcome == .passAllowed)
    }

    @Test func tooBigIsToldOfTheFirstOnly() {
        let data = [UInt8](repeating: 0, count: 1472)
        let packet = packet("203.0.113.9", "192.0.2.10", .udp(443, data))
        var oracle = Fixture.oracle()
        // A smaller first fragment is let through, so that later ones are known.
        #expect(oracle.judge(Self.first(packetWithout(packet))).outcome == .txForwarded)
        #expect(oracle.judge(Self.first(packet)).action == .tx)
        var later = Self.later(packet)
        later.payload = .raw(.udp, data)
        let judgement = oracle.judge(later)
        #expect(judgement.outcome == .dropTooBig)
        #expect(judgement.action == .drop)
    }

    private func packetWithout(_ big: IPPacket) -> IPPacket {
        var small = big
        small.payload = .udp(443)
        return small
    }
}
