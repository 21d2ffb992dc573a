import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// What a packet for a QUIC service says about its backend.
    enum QUICRoute: Equatable {
        /// The client made the connection ID up, or QUIC has no say: as without QUIC.
        case open
        /// It should name a backend and names none: as without QUIC, and counted.
        case unknown
        /// Index of the backend.
        case backend(Int)
    }

    func quicRoute(_ packet: Datagram, _ service: ServiceState) -> QUICRoute {
        guard let quic = service.quic, packet.ipProtocol == .udp, packet.fragment == nil else { return .open }
        let bytes = packet.payload.dropFirst(8)
        // RFC 9000, section 17: the fixed bit is 1.
        guard let first = bytes.first, first & 0x40 != 0 else { return .unknown }
        var cid = bytes.dropFirst()
        if first & 0x80 != 0 {
            guard bytes.count >= 6 else { return .unknown }
            var type = first >> 4 & 3
            switch bytes.big32(1) {
            case 1: break
            // RFC 9369, section 3.2: Initial is 1, 0-RTT 2, Handshake 3, Retry 0.
            case 0x6B33_43CF: type = (type &+ 3) & 3
            default: return .open
            }
            // Initial and 0-RTT have the client's choice (RFC 9000, section 7.2); no client sends a Retry.
            if type < 2 { return .open }
            guard type == 2, Int(bytes.byte(5)) == quic.cidLength else { return .unknown }
            cid = bytes.dropFirst(6)
        }
        guard cid.count >= quic.cidLength else { return .unknown }
        let id = Array(cid.dropFirst(quic.idOffset).prefix(quic.idLength))
        return service.backends.firstIndex { $0.quicID == id }.map(QUICRoute.backend) ?? .unknown
    }
}
