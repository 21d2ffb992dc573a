import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// To a VIP that is not the node's own address, on a port that no service has: only an echo is answered.
    func judgeForVIP(_ packet: Datagram, _ transport: Transport, _ arrival: Arrival) throws(Refusal) -> Judgement {
        let vip = packet.destination
        guard state.echoReply, transport.icmpKind(packet) == .echoRequest else { return Judgement(.dropNoService) }
        guard packet.fragment == nil else { throw .fragment }
        // The code means nothing (RFC 792), so to rules it is always the one that is sent in practice.
        let rule = decidingRule(
            from: packet.source, to: .echo(vip: vip), packet.ipProtocol, transport.selector & 0xFF00)
        var judgement = Judgement(rule?.action == .deny ? .dropPolicy : .txEcho)
        judgement.rule = Judgement.Named(rule)
        if judgement.outcome == .txEcho {
            judgement.egress = arrival.interface
            judgement.bytes = arrival.link.answer(echoReply(to: packet))
        }
        return judgement
    }

    /// The request with addresses exchanged and the reply's type.
    private func echoReply(to request: Datagram) -> [UInt8] {
        var bytes = Array(request.bytes)
        let (addresses, width) = request.family == .v4 ? (12, 4) : (8, 16)
        bytes.replaceSubrange(
            addresses..<addresses + 2 * width, with: request.destination.bytes + request.source.bytes)
        let message = bytes.count - request.payload.count
        let asked = bytes[message...].big16(0)
        let answered = (request.family == .v4 ? 0 : 129 << 8) | asked & 0xFF
        let checksum = InternetChecksum.updated(bytes[message...].big16(2), from: asked, to: answered)
        bytes.store(big: answered, at: message)
        bytes.store(big: checksum, at: message + 2)
        return bytes + Array(request.trailer)
    }

    mutating func judgeForNodeOrTransit(_ packet: Datagram, _ transport: Transport) -> Judgement {
        let isNode = environment.isNode(packet.destination)
        let rule = decidingRule(
            from: packet.source, to: isNode ? .node(packet.destination) : .transit(packet.destination),
            packet.ipProtocol, transport.selector)
        var judgement: Judgement
        if (rule?.action ?? state.ingressDefault) == .allow {
            judgement = Judgement(rule == nil ? .passDefault : .passAllowed)
            judgement.rule = Judgement.Named(rule)
            // Answers must not count as flows that the node opened.
            if packet.ipProtocol != .tcp, !packet.isICMP {
                memory.rememberInbound(FlowKey(packet, transport), now: now)
            }
        } else if isReply(packet, transport) {
            judgement = Judgement(.passReply)
        } else {
            judgement = Judgement(rule == nil ? .dropDefault : .dropPolicy)
            judgement.rule = Judgement.Named(rule)
        }
        return judgement
    }
}
