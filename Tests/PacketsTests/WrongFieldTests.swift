import Net
import Packets
import Testing

/// Fields that a test sets against what is right: they come out where they belong, change nothing else, are still there
/// after parsing where the header can be parsed at all, and are shown.
@Suite struct WrongFieldTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let offset: Int
        let value: [UInt8]
        var shown: String?
        let packet: @Sendable () -> IPPacket
        var testDescription: String { name }
    }

    private static func v4(
        _ payload: Payload = .tcp(TCPSegment(from: 1, to: 2)), _ change: (inout IPv4Packet) -> Void = { _ in }
    )
        -> IPPacket
    {
        var packet = IPv4Packet(from: IPv4Address(0x0A00_0001), to: IPv4Address(0x0A00_0002), payload)
        packet.checksum = 0x1111
        change(&packet)
        return .v4(packet)
    }

    private static func v6(
        _ payload: Payload = .tcp(TCPSegment(from: 1, to: 2)), _ change: (inout IPv6Packet) -> Void = { _ in }
    )
        -> IPPacket
    {
        let source = IPv6Address(high: 1, low: 1)
        var packet = IPv6Packet(from: source, to: IPv6Address(high: 1, low: 2), payload)
        change(&packet)
        return .v6(packet)
    }

    private static func tcp(_ change: (inout TCPSegment) -> Void) -> Payload {
        var segment = TCPSegment(from: 1, to: 2, data: [UInt8](repeating: 7, count: 30))
        segment.checksum = 0x2222
        change(&segment)
        return .tcp(segment)
    }

    private static func udp(_ change: (inout UDPDatagram) -> Void) -> Payload {
        var datagram = UDPDatagram(from: 1, to: 2, data: [1, 2, 3])
        datagram.checksum = 0x2222
        change(&datagram)
        return .udp(datagram)
    }

    static let cases: [Case] = [
        Case(name: "IPv4 version", offset: 0, value: [0x55]) { v4 { $0.version = 5 } },
        Case(name: "IPv4 header length", offset: 0, value: [0x44]) { v4 { $0.headerLength = 4 } },
        Case(name: "IPv4 total length", offset: 2, value: [0x12, 0x34]) { v4 { $0.totalLength = 0x1234 } },
        Case(name: "IPv4 checksum", offset: 10, value: [0xBE, 0xEF], shown: "checksum=0xbeef!") {
            v4 { $0.checksum = 0xBEEF }
        },
        Case(name: "IPv6 version", offset: 0, value: [0x40]) { v6 { $0.version = 4 } },
        Case(name: "IPv6 payload length", offset: 4, value: [0xFF, 0xFF]) { v6 { $0.payloadLength = 0xFFFF } },
        Case(name: "TCP data offset", offset: 20 + 12, value: [0x40]) { v4(tcp { $0.dataOffset = 4 }) },
        Case(name: "TCP checksum", offset: 20 + 16, value: [0xBE, 0xEF], shown: "checksum=0xbeef!") {
            v4(tcp { $0.checksum = 0xBEEF })
        },
        Case(name: "UDP length", offset: 40 + 4, value: [0, 7], shown: "length=0x7!") { v6(udp { $0.length = 7 }) },
        Case(name: "no UDP checksum", offset: 40 + 6, value: [0, 0], shown: "checksum=0x0!") {
            v6(udp { $0.checksum = 0 })
        },
        Case(name: "SCTP checksum", offset: 20 + 8, value: [0xDE, 0xAD, 0xBE, 0xEF], shown: "checksum=0xdeadbeef!") {
            var packet = SCTPPacket(from: 1, to: 2, tag: 3)
            packet.checksum = 0xDEAD_BEEF
            return v4(.sctp(packet))
        },
        Case(name: "ICMP checksum", offset: 20 + 2, value: [0xBE, 0xEF], shown: "checksum=0xbeef!") {
            var message = ICMPMessage(echo: 8, identifier: 1)
            message.checksum = 0xBEEF
            return v4(.icmp(message))
        },
    ]

    @Test(arguments: cases) func standsWhereItBelongs(_ test: Case) throws {
        let bytes = test.packet().bytes
        #expect(Array(bytes[test.offset..<test.offset + test.value.count]) == test.value)
        let parsed = try #require(Frame(bytes: Frame(test.packet()).bytes))
        #expect(Array(parsed.bytes.dropFirst(14)) == bytes)
        if let shown = test.shown { #expect(parsed.description.contains(shown), "\(parsed)") }
    }

    @Test func rightFieldsAreNotShown() {
        #expect(!Frame(WireTests.cases[0].frame.bytes).description.contains("!"))
    }
}

extension Frame {
    fileprivate init(_ bytes: [UInt8]) { self = Frame(bytes: bytes) ?? Frame(.other(etherType: 0, [])) }
}
