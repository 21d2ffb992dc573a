import Net
import Packets
import Testing

/// Bytes from hexadecimal text; everything from `//` to the end of a line is a note, white space means nothing.
func hex(_ text: String) -> [UInt8] {
    let digits = text.split(whereSeparator: \.isNewline).flatMap { line in
        line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex).compactMap(\.hexDigitValue)
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

extension [UInt8] {
    /// With what stands at `offset` overwritten.
    func patched(_ offset: Int, _ text: String) -> [UInt8] {
        let bytes = hex(text)
        var copy = self
        copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return copy
    }
}

/// Headers as they are on the wire. The client is 203.0.113.9 or 2001:db8:1::9, port 40000; the VIP is 192.0.2.10 or
/// 2001:db8::10.
enum Wire {
    /// From the client's router to `nic`.
    static let link4 = "020000000101 020000000201 0800 // Ethernet: to nic, from the router, IPv4"
    static let link6 = "020000000101 020000000201 86dd // Ethernet: to nic, from the router, IPv6"

    /// TCP with ACK, DSCP EF and ECN 01.
    static func tcp4(_ port: String) -> String {
        """
        45 b9 0028 1234 4000 40 06 29cf cb007109 c000020a // IPv4: 40 bytes, DF, TTL 64, TCP
        9c40 \(port) 00000001 00000002 50 10 ffff 0000 0000 // TCP: ACK
        """
    }

    /// The same, with traffic class 0xb9 and a flow label.
    static func tcp6(_ port: String) -> String {
        """
        6b912345 0014 06 40                 // IPv6: 20 bytes of payload, TCP, hop limit 64
        20010db8000100000000000000000009
        20010db8000000000000000000000010
        9c40 \(port) 00000001 00000002 50 10 ffff 0000 0000 // TCP: ACK
        """
    }
}

func address(_ text: String) -> IPAddress {
    if let address = IPAddress(text) { return address }
    Issue.record("not an address: \(text)")
    return .v4(IPv4Address(0))
}

/// Between two addresses of one family.
func packet(_ source: String, _ destination: String, _ payload: Payload) -> IPPacket {
    IPPacket(from: address(source), to: address(destination), payload)
}

extension Payload {
    static func syn(_ port: UInt16, from source: UInt16 = 40000) -> Payload { tcp(port, .syn, from: source) }
    static func ack(_ port: UInt16, from source: UInt16 = 40000) -> Payload { tcp(port, .ack, from: source) }

    static func tcp(_ port: UInt16, _ flags: TCPSegment.Flags, from source: UInt16 = 40000) -> Payload {
        .tcp(TCPSegment(from: source, to: port, flags))
    }

    static func udp(_ port: UInt16, from source: UInt16 = 40000, _ data: [UInt8] = Array(repeating: 0, count: 16))
        -> Payload
    {
        .udp(UDPDatagram(from: source, to: port, data: data))
    }

    static func ping(_ type: UInt8 = 8, _ identifier: UInt16 = 0x1234) -> Payload {
        .icmp(ICMPMessage(echo: type, identifier: identifier))
    }

    static func ping6(_ type: UInt8 = 128, _ identifier: UInt16 = 0x1234) -> Payload {
        .icmpv6(ICMPMessage(echo: type, identifier: identifier))
    }
}
