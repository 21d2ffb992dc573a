import Net
import Packets
import Testing

/// Bytes that were put together by hand, or by another program, from the standards.
@Suite struct WireTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let frame: Frame
        let bytes: [UInt8]
        var testDescription: String { name }
    }

    static let client4 = IPv4Address(0xC633_6407)
    static let vip4 = IPv4Address(0xC000_020A)
    static let client6 = IPv6Address(high: 0x2001_0DB8_0001_0000, low: 7)
    static let vip6 = IPv6Address(high: 0x2001_0DB8_0000_0000, low: 0x10)
    static let ethernet = "02 00 00 00 00 0a 02 00 00 00 00 0b"
    static let addresses6 = "20010db8000100000000000000000007 20010db8000000000000000000000010"

    static let cases: [Case] = [
        Case(
            name: "TCP SYN with an option",
            frame: {
                var segment = TCPSegment(from: 40000, to: 443, .syn)
                segment.sequence = 0x0102_0304
                segment.options = [2, 4, 5, 0xB4]
                return Frame(.v4(IPv4Packet(from: client4, to: vip4, .tcp(segment))))
            }(),
            bytes: hex(
                """
                \(ethernet) 0800
                45 00 002c 0000 4000 40 06 4e87 c6336407 c000020a
                9c40 01bb 01020304 00000000 60 02 ffff 09e0 0000 020405b4
                """)),
        Case(
            name: "UDP over IPv6, two tags",
            frame: Frame(
                tags: [.init(100, etherType: 0x88A8), .init(5, priority: 3)],
                .ip(
                    .v6(IPv6Packet(from: client6, to: vip6, .udp(UDPDatagram(from: 5353, to: 53, data: [97, 98, 99])))))
            ),
            bytes: hex(
                """
                \(ethernet) 88a8 0064 8100 6005 86dd
                60000000 000b 11 40 \(addresses6)
                14e9 0035 000b cacd 616263
                """)),
        Case(
            name: "ICMPv6 echo behind extension headers",
            frame: {
                let echo = ICMPMessage(echo: 128, identifier: 0x1234, data: Array("hi".utf8))
                var packet = IPv6Packet(from: client6, to: vip6, .icmpv6(echo))
                packet.trafficClass = 0xB8
                packet.flowLabel = 0x12345
                packet.extensionHeaders = [
                    .hopByHop([5, 2, 0, 0]), .routing(type: 4, segmentsLeft: 1),
                    .destinationOptions([1, 4, 0, 0, 0, 0, 0]),
                    .fragment(offset: 0, more: true, identification: 0xCAFE_F00D),
                ]
                return Frame(.v6(packet))
            }(),
            bytes: hex(
                """
                \(ethernet) 86dd
                6b812345 0032 00 40 \(addresses6)
                2b 00 05020000 0000
                3c 00 04 01 00000000
                2c 01 01040000000000 00000000000000
                3a 00 0001 cafef00d
                80 00 a992 1234 0001 6869
                """)),
        Case(
            name: "ICMP error with the quote of RFC 792",
            frame: {
                var answer = IPv4Packet(
                    from: vip4, to: client4, .tcp(TCPSegment(from: 443, to: 40000, .ack, data: [1, 2, 3])))
                answer.options = [1, 1, 1]
                let error = ICMPMessage(error: 3, code: 4, parameter: 1400, quote: IPPacket.v4(answer).shortQuote)
                var packet = IPv4Packet(from: IPv4Address(0x0A00_0001), to: vip4, .icmp(error))
                packet.timeToLive = 255
                packet.dontFragment = false
                return Frame(.v4(packet))
            }(),
            bytes: hex(
                """
                \(ethernet) 0800
                45 00 003c 0000 0000 ff 01 efb5 0a000001 c000020a
                03 04 5987 00000578
                46 00 002f 0000 4000 40 06 4b83 c000020a c6336407 01010100
                01bb 9c40 00000001
                """)),
        Case(
            name: "SCTP INIT in a fragment, with DSCP",
            frame: {
                var packet = IPv4Packet(
                    from: client4, to: vip4,
                    .sctp(SCTPPacket(from: 5000, to: 132, tag: 0xDEAD_BEEF, chunk: 1, value: [1, 2, 3, 4])))
                packet.trafficClass = 0xB9
                packet.identification = 0xABCD
                packet.dontFragment = false
                packet.moreFragments = true
                return Frame(.v4(packet))
            }(),
            bytes: hex(
                """
                \(ethernet) 0800
                45 b9 0028 abcd 2000 40 84 c186 c6336407 c000020a
                1388 0084 deadbeef 857e466a 01 00 0008 01020304
                """)),
        Case(
            name: "IPv6 in IPv4",
            frame: Frame(
                .v4(
                    IPv4Packet(
                        from: client4, to: vip4,
                        .ip(.v6(IPv6Packet(from: client6, to: vip6, .raw(IPProtocol(59), []))))))),
            bytes: hex(
                """
                \(ethernet) 0800
                45 00 003c 0000 4000 40 29 4e54 c6336407 c000020a
                60000000 0000 3b 40 \(addresses6)
                """)),
        Case(
            name: "ARP request",
            frame: Frame(.arp(ARPMessage(from: client4, to: vip4))),
            bytes: hex(
                """
                \(ethernet) 0806
                0001 0800 06 04 0001 02000000000b c6336407 000000000000 c000020a
                """)),
        Case(
            name: "length field instead of an EtherType",
            frame: Frame(
                to: MACAddress(octets: (1, 0x80, 0xC2, 0, 0, 0)), .other(etherType: 3, [0x42, 0x42, 3])),
            bytes: hex("01 80 c2 00 00 00 02 00 00 00 00 0b 0003 42 42 03")),
    ]

    @Test(arguments: cases) func serialises(_ test: Case) {
        #expect(test.frame.bytes == test.bytes, "\(Frame.dump(test.frame.bytes))\n\(Frame.dump(test.bytes))")
    }

    @Test(arguments: cases) func parses(_ test: Case) throws {
        let parsed = try #require(Frame(bytes: test.bytes))
        #expect(parsed.bytes == test.bytes)
        // Padding that the serialiser added comes back as part of what it padded.
        if test.name != "ICMP error with the quote of RFC 792" { #expect(parsed == test.frame) }
    }
}
