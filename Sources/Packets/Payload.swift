public import Net

/// What an IP header carries.
public indirect enum Payload: Hashable, Sendable {
    case tcp(TCPSegment)
    case udp(UDPDatagram)
    case sctp(SCTPPacket)
    case icmp(ICMPMessage)
    case icmpv6(ICMPMessage)
    /// A tunnelled packet: protocol 4 or 41.
    case ip(IPPacket)
    /// Any other protocol, a later fragment, or bytes that are not what their protocol number claims.
    case raw(IPProtocol, [UInt8])

    public var ipProtocol: IPProtocol {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        case .icmp: .icmp
        case .icmpv6: .icmpv6
        case .ip(.v4): .ipip
        case .ip(.v6): .ipv6
        case .raw(let ipProtocol, _): ipProtocol
        }
    }

    func bytes(_ ends: Ends) -> [UInt8] {
        switch self {
        case .tcp(let segment): segment.bytes(ends)
        case .udp(let datagram): datagram.bytes(ends)
        case .sctp(let packet): packet.bytes
        case .icmp(let message): message.bytes(nil)
        case .icmpv6(let message): message.bytes(ends)
        case .ip(let packet): packet.bytes
        case .raw(_, let bytes): bytes
        }
    }

    /// Never fails: what does not parse is `raw`.
    init(parsing bytes: ArraySlice<UInt8>, as ipProtocol: IPProtocol, _ ends: Ends) {
        let parsed: Payload? =
            switch ipProtocol {
            case .tcp: TCPSegment(parsing: bytes, ends).map { .tcp($0) }
            case .udp: UDPDatagram(parsing: bytes, ends).map { .udp($0) }
            case .sctp: SCTPPacket(parsing: bytes).map { .sctp($0) }
            case .icmp: ICMPMessage(parsing: bytes, nil).map { .icmp($0) }
            case .icmpv6: ICMPMessage(parsing: bytes, ends).map { .icmpv6($0) }
            case .ipip: IPv4Packet(exactly: bytes).map { .ip(.v4($0)) }
            case .ipv6: IPv6Packet(exactly: bytes).map { .ip(.v6($0)) }
            default: nil
            }
        self = parsed ?? .raw(ipProtocol, Array(bytes))
    }
}
