import Net
import Packets

/// What the data path reads of the header behind IP, or remembers of it for later fragments.
struct Transport: Equatable {
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0
    /// See `TrafficMatch`.
    var selector: UInt16 = 0
    /// None in a later fragment.
    var flags: TCPSegment.Flags = []
    /// SYN without ACK of TCP, INIT of SCTP (RFC 9260, section 3.3.2); never a later fragment.
    var opensConnection = false

    /// Of a packet that is no later fragment.
    init(_ packet: Datagram) throws(Refusal) {
        let bytes = packet.payload
        switch packet.ipProtocol {
        case .tcp:
            guard bytes.count >= 20, case let header = Int(bytes.byte(12) >> 4) * 4, header >= 20, header <= bytes.count
            else { throw .malformed }
            flags = TCPSegment.Flags(rawValue: bytes.byte(13))
            guard !flags.isImpossible else { throw .malformed }
            opensConnection = flags.opensConnection
        case .udp:
            guard bytes.count >= 8, case let length = Int(bytes.big16(4)), length >= 8,
                length <= bytes.count || packet.fragment != nil
            else { throw .malformed }
        case .sctp:
            guard bytes.count >= 12 else { throw .malformed }
            opensConnection = bytes.count > 12 && bytes.byte(12) == 1
        case .icmp, .icmpv6:
            try readICMP(packet)
            return
        default: return
        }
        sourcePort = bytes.big16(0)
        destinationPort = bytes.big16(2)
        selector = destinationPort
    }

    private mutating func readICMP(_ packet: Datagram) throws(Refusal) {
        // Each family has its own.
        guard packet.isICMP, packet.payload.count >= 4 else { throw .malformed }
        selector = packet.payload.big16(0)
        let kind = icmpKind(packet)
        guard packet.payload.count >= 8 || kind == .neighbourDiscovery || kind == nil else { throw .malformed }
        if kind == .echoRequest || kind == .echoReply {
            sourcePort = packet.payload.big16(4)
            destinationPort = sourcePort
        }
    }

    /// What later fragments know of the first.
    var remembered: Transport {
        var transport = self
        transport.flags = []
        transport.opensConnection = false
        return transport
    }
}

extension Transport {
    enum ICMPKind { case echoRequest, echoReply, error, neighbourDiscovery }

    /// `nil` for other types, and for what is not the packet's own ICMP.
    func icmpKind(_ packet: Datagram) -> ICMPKind? {
        guard packet.isICMP else { return nil }
        return switch (packet.family, selector >> 8) {
        case (.v4, 8), (.v6, 128): .echoRequest
        case (.v4, 0), (.v6, 129): .echoReply
        case (.v4, 3), (.v4, 11), (.v4, 12), (.v6, 1...4): .error
        case (.v6, 133...137): .neighbourDiscovery
        default: nil
        }
    }

    /// An answer to a DHCP client (RFC 2131, section 4.1; RFC 8415, section 7.2), which is not sent in fragments.
    func isDHCPAnswer(_ packet: Datagram) -> Bool {
        let ports: (UInt16, UInt16) = packet.family == .v4 ? (67, 68) : (547, 546)
        return packet.ipProtocol == .udp && packet.fragment == nil && (sourcePort, destinationPort) == ports
    }
}

extension TCPSegment.Flags {
    /// Combinations that only scanners send.
    var isImpossible: Bool {
        isDisjoint(with: [.fin, .syn, .rst, .psh, .ack, .urg]) || isSuperset(of: [.syn, .fin])
            || isSuperset(of: [.syn, .rst]) || intersection([.fin, .psh, .urg, .ack]) == [.fin, .psh, .urg]
    }

    var opensConnection: Bool { contains(.syn) && !contains(.ack) }
    var closesConnection: Bool { !isDisjoint(with: [.fin, .rst]) }
}
