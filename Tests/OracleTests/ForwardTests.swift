import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// Exact bytes of what is sent to backends.
@Suite struct ForwardTests {
    private static let syn4 = packet("203.0.113.9", "192.0.2.10", .syn(443)).v4 { $0.trafficClass = 0xB9 }
    private static let syn6 = packet("2001:db8:1::7", "2001:db8::10", .syn(443)).v6 {
        $0.trafficClass = 0xB9
        $0.flowLabel = 0x12345
    }

    /// The outer header that `shop-1` or `shop-2` gets.
    private static func outer(_ backend: Int, _ inner: IPPacket) -> IPPacket {
        let payload = Payload.ip(inner)
        return backend == 0
            ? packet("10.0.0.1", "10.1.0.1", payload).v4 { $0.trafficClass = 0xB9 }
            : packet("2001:db8:f::1", "2001:db8:2::2", payload).v6 { $0.trafficClass = 0xB9 }
    }

    @Test(arguments: [(syn4, 0), (syn4, 1), (syn6, 0), (syn6, 1)]) func encapsulates(_ inner: IPPacket, _ backend: Int)
    {
        var oracle = Fixture.oracle { $0.services[Fixture.shop].slots.current = [UInt16(backend)] }
        let judgement = oracle.judge(inner)
        let (to, from) = backend == 0 ? (Fixture.router, Fixture.mac0) : (Fixture.other, Fixture.mac1)
        #expect(judgement.outcome == (backend == 0 ? .txForwarded : .redirectForwarded))
        #expect(judgement.action == (backend == 0 ? .tx : .redirect))
        #expect(judgement.egress == (backend == 0 ? Fixture.eth0 : Fixture.eth1))
        #expect(judgement.bytes == Frame(to: to, from: from, .ip(Self.outer(backend, inner))).bytes)
        #expect(judgement.backend == .init(name: "shop-\(backend + 1)", slot: UInt32(backend + 1)))
        #expect(judgement.service == .init(name: "shop", slot: 0))
    }

    /// Every byte by hand, once.
    @Test func encapsulatesTheseBytes() {
        var oracle = Fixture.oracle()
        let sent = oracle.judge(Self.syn4).bytes ?? []
        let outer: [UInt8] = [
            0x02, 0, 0, 0, 1, 1, 0x02, 0, 0, 0, 0, 0x20, 0x08, 0x00,  // to the router, from eth0
            0x45, 0xB9, 0, 60, 0, 0, 0x40, 0, 64, 4, 0x26, 0x03, 10, 0, 0, 1, 10, 1, 0, 1,
        ]
        #expect(Array(sent.prefix(34)) == outer)
        #expect(Array(sent.dropFirst(34)) == Self.syn4.bytes)
    }

    @Test func paddingFollowsThePacket() {
        var frame = Frame(Self.syn4)
        frame.trailer = [0xAA, 0xBB]
        var oracle = Fixture.oracle()
        let sent = oracle.judge(frame: frame.bytes, interface: Fixture.eth0).bytes
        #expect(sent?.suffix(2) == [0xAA, 0xBB])
        #expect(sent?.count == frame.bytes.count + 20)
    }

    @Test func tagsStayOnTheirLink() {
        let tags = [Frame.VLANTag(5), Frame.VLANTag(6)]
        for (backend, expected) in [(UInt16(0), tags), (1, [])] {
            var oracle = Fixture.oracle { $0.services[Fixture.shop].slots.current = [backend] }
            let sent = oracle.judge(frame: Frame(Self.syn4, tags: tags).bytes, interface: Fixture.eth0).bytes
            #expect(sent.flatMap { Frame(bytes: $0) }?.tags == expected)
        }
    }

    @Test func fixedNextHop() {
        var oracle = Fixture.oracle()
        let judgement = oracle.judge(Self.syn4, on: Fixture.eth1)
        #expect(judgement.outcome == .txForwarded)
        #expect(judgement.egress == Fixture.eth1)
        #expect(
            judgement.bytes == Frame(to: Fixture.fixedHop, from: Fixture.mac1, .ip(Self.outer(0, Self.syn4))).bytes)
    }

    @Test func directChangesEthernetOnly() {
        let query = packet("203.0.113.9", "192.0.2.53", .udp(53))
        for interface in [Fixture.eth0, Fixture.eth1] {
            var oracle = Fixture.oracle()
            let judgement = oracle.judge(query, on: interface)
            #expect(judgement.outcome == .txForwarded)
            let own = interface == Fixture.eth0 ? Fixture.mac0 : Fixture.mac1
            #expect(judgement.bytes == Frame(to: Fixture.backendMAC, from: own, .ip(query)).bytes)
        }
    }

    @Test func directWithoutAnAddressAsksForTheRoute() {
        let query = packet("203.0.113.9", "192.0.2.53", .udp(53))
        var oracle = Fixture.oracle { $0.services[Fixture.dns].slots.current = [1] }
        let judgement = oracle.judge(query, on: Fixture.eth1)
        #expect(judgement.outcome == .redirectResolve)
        #expect(judgement.egress == nil)
        let nobody = MACAddress(octets: (0, 0, 0, 0, 0, 0))
        #expect(judgement.bytes == Frame(to: nobody, from: nobody, .ip(query)).bytes)

        oracle.environment.routes = [:]
        let lost = oracle.judge(query, on: Fixture.eth1)
        #expect(lost.outcome == .dropNoRoute)
        #expect(lost.backend?.name == "dns-2")
        #expect(lost.bytes == nil)
    }

    /// The flow hash, with the ports of the packet, chooses among the slots.
    @Test func hashChoosesTheSlot() {
        var oracle = Fixture.oracle {
            $0.services[Fixture.shop].slots.current = (0..<101).map { $0 % 3 == 0 ? 1 : 0 }
        }
        var chosen: Set<String> = []
        for port in UInt16(1)...200 {
            let packet = packet("203.0.113.9", "192.0.2.10", .udp(443, from: port))
            let hash = FlowHash.of(from: packet.source, port: port, to: packet.destination, port: 443, .udp)
            let expected = FlowHash.scale(hash, to: 101) % 3 == 0 ? "shop-2" : "shop-1"
            #expect(oracle.judge(packet).backend?.name == expected)
            chosen.insert(expected)
        }
        #expect(chosen.count == 2)
    }
}

@Suite struct TooBigTests {
    private static func filled(_ total: Int, _ source: String, _ vip: String) -> IPPacket {
        let header = source.contains(":") ? 60 : 40
        return packet(source, vip, .ack(443, [UInt8](repeating: 0x55, count: total - header)))
    }

    /// Packet's length, backend, MTU told; `nil` where it fits.
    @Test(
        arguments: [
            ("203.0.113.9", "192.0.2.10", 1480, UInt16(0), nil), ("203.0.113.9", "192.0.2.10", 1481, 0, 1480),
            ("203.0.113.9", "192.0.2.10", 1460, 1, nil), ("203.0.113.9", "192.0.2.10", 1461, 1, 1460),
            ("2001:db8:1::7", "2001:db8::10", 1480, 0, nil), ("2001:db8:1::7", "2001:db8::10", 1481, 0, 1480),
            ("2001:db8:1::7", "2001:db8::10", 1460, 1, nil), ("2001:db8:1::7", "2001:db8::10", 1461, 1, 1460),
        ] as [(String, String, Int, UInt16, UInt32?)])
    func tells(_ source: String, _ vip: String, _ length: Int, _ backend: UInt16, _ mtu: UInt32?) {
        var oracle = Fixture.oracle { $0.services[Fixture.shop].slots.current = [backend] }
        let big = Self.filled(length, source, vip)
        #expect(big.bytes.count == length)
        let frame = Frame(to: Fixture.mac0, from: Fixture.router, tags: [.init(5)], .ip(big))
        let judgement = oracle.judge(frame: frame.bytes, interface: Fixture.eth0)
        guard let mtu else {
            #expect(judgement.outcome.action != .drop)
            return
        }
        let message: Payload =
            source.contains(":")
            ? .icmpv6(ICMPMessage(error: 2, parameter: mtu, quote: big.bytes.prefix(512)))
            : .icmp(ICMPMessage(error: 3, code: 4, parameter: mtu, quote: big.shortQuote))
        let answer = packet(vip, source, message).v4 { $0.dontFragment = false }
        #expect(judgement.outcome == .dropTooBig)
        #expect(judgement.action == .tx)
        #expect(judgement.egress == Fixture.eth0)
        #expect(judgement.backend != nil)
        #expect(
            judgement.bytes
                == Frame(to: Fixture.router, from: Fixture.mac0, tags: [.init(5)], .ip(answer)).bytes)
    }

    @Test func tellsIPv6NoLessThanItsMinimum() {
        var oracle = Fixture.oracle()
        oracle.environment.routes[Fixture.address("10.1.0.1")] = .neighbour(
            .init(interface: Fixture.eth0, destination: Fixture.router, source: Fixture.mac0, mtu: 1200))
        let judgement = oracle.judge(Self.filled(1280, "2001:db8:1::7", "2001:db8::10"))
        let answer = judgement.bytes.flatMap { Frame(bytes: $0) }
        guard case .ip(.v6(let packet)) = answer?.content, case .icmpv6(let message) = packet.payload else {
            Issue.record("no answer: \(judgement)")
            return
        }
        #expect(message.rest.prefix(4) == [0, 0, 0x05, 0])
    }

    @Test func quotesOptions() {
        var oracle = Fixture.oracle()
        let big = Self.filled(1481, "203.0.113.9", "192.0.2.10").v4 { $0.options = [UInt8](repeating: 1, count: 8) }
        let judgement = oracle.judge(big)
        #expect(judgement.outcome == .dropTooBig)
        // Ethernet, IP and ICMP headers; the quoted header with its options, and eight bytes.
        let expected = [14, 20, 8, 28, 8].reduce(0, +)
        #expect(judgement.bytes?.count == expected)
    }

    @Test func directHasNoOuterHeader() {
        let fits = packet("203.0.113.9", "192.0.2.53", .udp(53, [UInt8](repeating: 0, count: 1372)))
        let tooBig = packet("203.0.113.9", "192.0.2.53", .udp(53, [UInt8](repeating: 0, count: 1373)))
        var oracle = Fixture.oracle()
        #expect(oracle.judge(fits, on: Fixture.eth1).outcome == .txForwarded)
        #expect(oracle.judge(tooBig, on: Fixture.eth1).outcome == .dropTooBig)
    }

    @Test func staysSilentAtItsLimit() {
        var oracle = Fixture.oracle()
        oracle.environment.answers = false
        let judgement = oracle.judge(Self.filled(1500, "203.0.113.9", "192.0.2.10"))
        #expect(judgement.outcome == .dropTooBig)
        #expect(judgement.action == .drop)
        #expect(judgement.bytes == nil)
    }

    @Test func neverAnswersAnError() {
        var oracle = Fixture.oracle()
        let answer = packet("192.0.2.10", "203.0.113.9", .ack(40000, from: 443, [UInt8](repeating: 0, count: 1440)))
        let error = ICMPMessage(error: 11, quote: answer.bytes.prefix(1460))
        let judgement = oracle.judge(packet("198.51.100.1", "192.0.2.10", .icmp(error)))
        #expect(judgement.outcome == .dropTooBig)
        #expect(judgement.action == .drop)
    }
}
