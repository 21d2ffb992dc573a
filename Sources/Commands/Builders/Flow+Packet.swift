import Net
import Packets
import Policy

extension Flow {
    /// The source port of a flow that names none: the first of the ephemeral range (RFC 6335).
    static let ephemeralPort: UInt16 = 49152

    /// The flow's first packet, as an honest sender makes it.
    ///
    /// Source and destination must be of one family.
    var firstPacket: IPPacket {
        var packet = IPPacket(from: source, to: destination, payload)
        // What neighbour discovery sends has crossed no router, and says so (RFC 4861, section 6.1).
        if case .v6(var discovery) = packet, ipProtocol == .icmpv6, (133...137).contains(icmpType) {
            discovery.hopLimit = 255
            packet = .v6(discovery)
        }
        return packet
    }

    private var icmpType: UInt8 { UInt8(selector >> 8) }
    private var icmpCode: UInt8 { UInt8(truncatingIfNeeded: selector) }

    private var payload: Payload {
        let port = sourcePort ?? Self.ephemeralPort
        switch ipProtocol {
        case .tcp: return .tcp(TCPSegment(from: port, to: selector, .syn))
        case .udp: return .udp(UDPDatagram(from: port, to: selector))
        case .sctp:
            // INIT: tag, window and streams of one each way, first sequence number (RFC 9260, section 3.3.2).
            let value: [UInt8] = [0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]
            return .sctp(SCTPPacket(from: port, to: selector, tag: 0, chunk: 1, value: value))
        case .icmp: return .icmp(message(isError: [3, 4, 5, 11, 12].contains(icmpType)))
        case .icmpv6: return .icmpv6(message(isError: icmpType < 128))
        default: return .raw(ipProtocol, [UInt8](repeating: 0, count: 8))
        }
    }

    private func message(isError: Bool) -> ICMPMessage {
        guard isError else { return ICMPMessage(type: icmpType, code: icmpCode, rest: [0, 1, 0, 1]) }
        // An error returns what it is about: something that its receiver sent to whoever now complains.
        let offending = IPPacket(
            from: destination, to: source, .udp(UDPDatagram(from: Self.ephemeralPort, to: Self.ephemeralPort)))
        return ICMPMessage(error: icmpType, code: icmpCode, quote: offending.shortQuote)
    }
}

extension Flow {
    /// `203.0.113.9 -> 192.0.2.10:443/tcp`
    var summary: String { "\(from) -> \(to)" }
}
