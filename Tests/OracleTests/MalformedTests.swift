import Net
import Oracle
import Packets
import Testing

/// With everything allowed: what still does not get in, and what looks odd and does.
@Suite struct MalformedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let outcome: Outcome
        let frame: Frame
        var testDescription: String { name }

        init(_ name: String, _ outcome: Outcome, _ packet: IPPacket) {
            self.init(name, outcome, frame: Frame(packet))
        }

        init(_ name: String, _ outcome: Outcome, frame: Frame) {
            self.name = name
            self.outcome = outcome
            self.frame = frame
        }
    }

    private static let v4 = packet("203.0.113.9", "10.0.0.1", .syn(22))
    private static let v6 = packet("2001:db8:1::7", "2001:db8:f::1", .syn(22))

    private static func flags(_ flags: TCPSegment.Flags) -> IPPacket { v4.tcp { $0.flags = flags } }

    private static func udp(_ change: (inout UDPDatagram) -> Void, _ plain: IPPacket = v4) -> IPPacket {
        var datagram = UDPDatagram(from: 1, to: 2, data: [1, 2, 3, 4])
        change(&datagram)
        var packet = plain
        packet.payload = .udp(datagram)
        return packet
    }

    private static func raw(_ ipProtocol: IPProtocol, _ count: Int, _ plain: IPPacket = v4) -> IPPacket {
        var packet = plain
        packet.payload = .raw(ipProtocol, [UInt8](repeating: 8, count: count))
        return packet
    }

    private static func extended(_ headers: [ExtensionHeader], _ payload: Payload = .syn(22)) -> IPPacket {
        packet("2001:db8:1::7", "2001:db8:f::1", payload).v6 { $0.extensionHeaders = headers }
    }

    private static func neighbour(
        _ type: UInt8, hop: UInt8 = 255, from source: String = "fe80::1", headers: [ExtensionHeader] = []
    ) -> IPPacket {
        packet(source, "ff02::1", .icmpv6(ICMPMessage(type: type, rest: [UInt8](repeating: 0, count: 20)))).v6 {
            $0.hopLimit = hop
            $0.extensionHeaders = headers
        }
    }

    private static func link(_ etherType: UInt16, to group: MACAddress = Frame.anyDestination, tags: Int = 0) -> Frame {
        Frame(
            to: group, tags: [Frame.VLANTag](repeating: .init(7), count: tags),
            .other(etherType: etherType, [UInt8](repeating: 0, count: 46)))
    }

    private static func repeated(_ header: ExtensionHeader, _ count: Int) -> [ExtensionHeader] {
        [ExtensionHeader](repeating: header, count: count)
    }

    private static let bridges = MACAddress(octets: (0x01, 0x80, 0xC2, 0, 0, 0x0F))
    private static let beyondBridges = MACAddress(octets: (0x01, 0x80, 0xC2, 0, 0, 0x10))

    private static let links: [Case] = [
        Case("ARP", .passUpkeep, frame: Frame(.arp(ARPMessage(from: IPv4Address(1), to: IPv4Address(2))))),
        Case("ARP in two tags", .passUpkeep, frame: link(0x0806, tags: 2)),
        Case("LLDP", .passUpkeep, frame: link(0x88CC)),
        Case("LACP", .passUpkeep, frame: link(0x8809)),
        Case("EAPOL", .passUpkeep, frame: link(0x888E)),
        Case("spanning tree", .passUpkeep, frame: link(38, to: bridges)),
        Case("802.3 frame to another group", .dropNotIP, frame: link(38, to: beyondBridges)),
        Case("802.3 frame to a host", .dropNotIP, frame: link(38)),
        Case("the largest length", .passUpkeep, frame: link(0x5FF, to: bridges)),
        Case("the first that is no length", .dropNotIP, frame: link(0x600, to: bridges)),
        Case("precision time", .dropNotIP, frame: link(0x88F7)),
        Case("three tags", .dropNotIP, frame: Frame(v4, tags: [.init(1), .init(2), .init(3)])),
        Case("two tags", .passAllowed, frame: Frame(v4, tags: [.init(1, etherType: 0x88A8), .init(2)])),
    ]

    private static let overIPv4: [Case] = [
        Case("v4 version", .dropMalformed, v4.v4 { $0.version = 6 }),
        Case("v4 header length", .dropMalformed, v4.v4 { $0.headerLength = 4 }),
        Case("v4 header beyond the packet", .dropMalformed, v4.v4 { $0.headerLength = 15 }),
        Case("v4 total length beyond the frame", .dropMalformed, v4.v4 { $0.totalLength = 41 }),
        Case("v4 total length in the header", .dropMalformed, v4.v4 { $0.totalLength = 19 }),
        Case("v4 TTL 0", .dropMalformed, v4.v4 { $0.timeToLive = 0 }),
        Case("v4 TTL 1", .passAllowed, v4.v4 { $0.timeToLive = 1 }),
        Case("v4 options", .passAllowed, v4.v4 { $0.options = [UInt8](repeating: 1, count: 40) }),
        Case("v4 header checksum", .passAllowed, v4.v4 { $0.checksum = 1 }),
        Case("v4 from multicast", .dropMalformed, packet("224.0.0.1", "10.0.0.1", .syn(22))),
        Case("v4 from loopback", .dropMalformed, packet("127.1.2.3", "10.0.0.1", .syn(22))),
        Case("v4 from broadcast", .dropMalformed, packet("255.255.255.255", "10.0.0.1", .syn(22))),
        Case("v4 from the node", .dropMalformed, packet("10.0.0.1", "10.0.0.2", .syn(22))),
        Case("v4 land", .dropMalformed, packet("203.0.113.9", "203.0.113.9", .syn(22))),
        Case("v4 to loopback", .dropMalformed, packet("203.0.113.9", "127.0.0.1", .syn(22))),
        Case("v4 from 0.0.0.0", .passAllowed, packet("0.0.0.0", "10.0.0.1", .udp(67, from: 68))),
        Case("v4 from 240/4", .passAllowed, packet("240.0.0.1", "10.0.0.1", .syn(22))),
    ]

    private static let overIPv6: [Case] = [
        Case("v6 version", .dropMalformed, v6.v6 { $0.version = 4 }),
        Case("v6 payload length beyond the frame", .dropMalformed, v6.v6 { $0.payloadLength = 21 }),
        Case("v6 hop limit 0", .dropMalformed, v6.v6 { $0.hopLimit = 0 }),
        Case("v6 from multicast", .dropMalformed, packet("ff02::1", "2001:db8:f::1", .syn(22))),
        Case("v6 from loopback", .dropMalformed, packet("::1", "2001:db8:f::1", .syn(22))),
        Case("v6 from v4-mapped", .dropMalformed, packet("::ffff:1.2.3.4", "2001:db8:f::1", .syn(22))),
        Case("v6 from the node", .dropMalformed, packet("2001:db8:f::1", "2001:db8:f::2", .syn(22))),
        Case("v6 land", .dropMalformed, packet("2001:db8:1::7", "2001:db8:1::7", .syn(22))),
        Case("v6 to loopback", .dropMalformed, packet("2001:db8:1::7", "::1", .syn(22))),
        Case("v6 to v4-mapped", .dropMalformed, packet("2001:db8:1::7", "::ffff:1.2.3.4", .syn(22))),
        Case("v6 from ::", .passAllowed, packet("::", "2001:db8:f::1", .syn(22))),
        Case("six extension headers", .passAllowed, extended(repeated(.destinationOptions(), 6))),
        Case("seven extension headers", .dropMalformed, extended(repeated(.destinationOptions(), 7))),
        Case("hop-by-hop not first", .passAllowed, extended([.destinationOptions(), .hopByHop()])),
        Case(
            "routing header", .passAllowed,
            extended([.routing(type: 0, segmentsLeft: 1, [UInt8](repeating: 0, count: 20))])),
        Case(
            "extension header beyond the packet", .dropMalformed,
            extended([ExtensionHeader(.init(0), body: [9, 0, 0, 0, 0, 0, 0])])),
        Case("truncated extension header", .dropMalformed, raw(.init(60), 7, v6)),
        Case("no next header", .passAllowed, raw(.init(59), 0, v6)),
        Case(
            "authentication is a protocol", .passAllowed,
            extended([.authentication(index: 1, sequence: 1)], .raw(.tcp, []))),
        Case("atomic fragment", .passAllowed, extended([.fragment(offset: 0, more: false, identification: 1)])),
        Case(
            "two fragment headers", .dropMalformed,
            extended(repeated(.fragment(offset: 0, more: true, identification: 1), 2))),
    ]

    private static let transports: [Case] = [
        Case("truncated TCP", .dropMalformed, raw(.tcp, 19)),
        Case("TCP data offset", .dropMalformed, v4.tcp { $0.dataOffset = 4 }),
        Case("TCP data offset beyond the packet", .dropMalformed, v4.tcp { $0.dataOffset = 6 }),
        Case("TCP options", .passAllowed, v4.tcp { $0.options = [1, 1, 1, 1] }),
        Case("null scan", .dropMalformed, flags([])),
        Case("only ECN flags", .dropMalformed, flags([.ece, .cwr])),
        Case("SYN and FIN", .dropMalformed, flags([.syn, .fin])),
        Case("SYN, FIN and ACK", .dropMalformed, flags([.syn, .fin, .ack])),
        Case("SYN and RST", .dropMalformed, flags([.syn, .rst])),
        Case("Christmas tree", .dropMalformed, flags([.fin, .psh, .urg])),
        Case("FIN, PSH, URG and ACK", .passAllowed, flags([.fin, .psh, .urg, .ack])),
        Case("FIN alone", .passAllowed, flags(.fin)),
        Case("SYN with ECN", .passAllowed, flags([.syn, .ece, .cwr])),
        Case("port 0", .passAllowed, packet("203.0.113.9", "10.0.0.1", .syn(0))),
        Case("truncated UDP", .dropMalformed, raw(.udp, 7)),
        Case("UDP length 7", .dropMalformed, udp { $0.length = 7 }),
        Case("UDP length 0", .dropMalformed, udp { $0.length = 0 }),
        Case("UDP length 0 over IPv6", .dropMalformed, udp({ $0.length = 0 }, v6)),
        Case("UDP length beyond the packet", .dropMalformed, udp { $0.length = 13 }),
        Case("UDP length short of the packet", .passAllowed, udp { $0.length = 8 }),
        Case("no UDP checksum", .passAllowed, udp { $0.checksum = 0 }),
        Case("truncated SCTP", .dropMalformed, raw(.sctp, 11)),
        Case("SCTP header", .passAllowed, raw(.sctp, 12)),
        Case("truncated ICMP", .dropMalformed, raw(.icmp, 3)),
        Case("truncated echo", .dropMalformed, raw(.icmp, 7)),
        Case(
            "short ICMP of another type", .passAllowed, packet("203.0.113.9", "10.0.0.1", .raw(.icmp, [13, 0, 0, 0]))),
        Case(
            "truncated ICMPv6 error", .dropMalformed,
            packet("2001:db8:1::7", "2001:db8:f::1", .raw(.icmpv6, [1, 0, 0, 0, 0, 0, 0]))),
        Case("the other family's ICMP", .dropMalformed, raw(.icmp, 8, v6)),
        Case("the other family's ICMPv6", .dropMalformed, raw(.icmpv6, 8)),
        Case("empty packet of another protocol", .passAllowed, raw(.gre, 0)),
    ]

    private static let neighbours: [Case] = [
        Case("neighbour solicitation", .passUpkeep, neighbour(135)),
        Case("duplicate address detection", .passUpkeep, neighbour(135, from: "::")),
        Case("advertisement from the node's own address", .passUpkeep, neighbour(136, from: "2001:db8:f::1")),
        Case(
            "neighbour solicitation to a VIP", .passUpkeep,
            packet("fe80::1", "2001:db8::10", neighbour(135).payload).v6 { $0.hopLimit = 255 }),
        Case("neighbour advertisement from afar", .dropMalformed, neighbour(136, hop: 254)),
        Case("router advertisement", .passUpkeep, neighbour(134)),
        Case("router advertisement from no router", .dropMalformed, neighbour(134, from: "2001:db8:1::7")),
        Case("redirect", .passUpkeep, neighbour(137)),
        Case("redirect from no router", .dropMalformed, neighbour(137, from: "2001:db8:1::7")),
        Case("router solicitation from ::", .passUpkeep, neighbour(133, from: "::")),
        Case(
            "fragmented neighbour discovery", .dropMalformed,
            neighbour(135, headers: [.fragment(offset: 0, more: true, identification: 1)])),
        Case(
            "neighbour discovery in an atomic fragment", .passUpkeep,
            neighbour(135, headers: [.fragment(offset: 0, more: false, identification: 1)])),
    ]

    static let cases = links + overIPv4 + overIPv6 + transports + neighbours

    @Test(arguments: cases) func outcome(_ test: Case) {
        var oracle = Fixture.oracle()
        let judgement = oracle.judge(frame: test.frame.bytes, interface: Fixture.eth0)
        #expect(judgement.outcome == test.outcome, "\(Frame.dump(test.frame.bytes))")
        #expect(judgement.bytes == nil)
    }

    /// Invariant 1: with a file that allows nothing, nothing but upkeep gets in.
    @Test(arguments: cases) func nothingAllowed(_ test: Case) {
        var oracle = Fixture.oracle([])
        let expected = test.outcome == .passAllowed ? .dropDefault : test.outcome
        #expect(oracle.judge(frame: test.frame.bytes, interface: Fixture.eth0).outcome == expected)
    }

    @Test func everyTruncationIsMalformed() {
        for full in [Frame(Self.v4, tags: [.init(5)]), Frame(Self.extended([.hopByHop(), .destinationOptions()]))] {
            for count in 0..<full.bytes.count {
                var oracle = Fixture.oracle()
                let judgement = oracle.judge(frame: Array(full.bytes.prefix(count)), interface: Fixture.eth0)
                #expect(judgement.outcome == .dropMalformed, "\(count) bytes of\n\(Frame.dump(full.bytes))")
            }
        }
    }

    @Test(arguments: [
        (packet("192.168.1.1", "255.255.255.255", .udp(68, from: 67)), Outcome.passUpkeep),
        (packet("192.168.1.1", "10.0.0.1", .udp(68, from: 67)), .passUpkeep),
        (packet("192.168.1.1", "10.0.0.1", .udp(67, from: 68)), .dropDefault),
        (packet("192.168.1.1", "10.0.0.1", .udp(68, from: 67)).v4 { $0.moreFragments = true }, .dropDefault),
        (packet("fe80::1", "2001:db8:f::1", .udp(546, from: 547)), .passUpkeep),
        (packet("fe80::1", "2001:db8:f::1", .udp(68, from: 67)), .dropDefault),
    ])
    func answersToDHCPClients(_ packet: IPPacket, _ outcome: Outcome) {
        var oracle = Fixture.oracle([])
        #expect(oracle.judge(packet).outcome == outcome, "\(packet)")
    }
}
