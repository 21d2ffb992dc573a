import Net
import Packets

extension Oracle {
    /// Notes what a frame that leaves the node leads to: where it opens a flow, replies may come in. Frames that the
    /// data path itself sent are not to be shown.
    ///
    /// - Returns: The frame as it leaves: an answer of a backend that is the node, or behind it, in the VIP's name.
    @discardableResult
    public mutating func observeEgress(frame: [UInt8]) -> [UInt8] {
        guard let link = try? Link(frame), [0x0800, 0x86DD].contains(link.etherType),
            let packet = try? Datagram(link.content, link.etherType == 0x0800 ? .v4 : .v6),
            let transport = try? transport(of: packet), (try? isUpkeep(packet, transport)) == false
        else { return frame }
        if let answer = translateAnswer(packet, transport, link) { return answer }
        if !packet.isLaterFragment { noteOutbound(packet, transport) }
        return frame
    }

    private mutating func noteOutbound(_ packet: Datagram, _ transport: Transport) {
        let flow = FlowKey(packet, transport)
        if packet.ipProtocol == .tcp {
            if transport.flags.opensConnection {
                memory.open(reply: flow.reversed, now: now)
            } else if transport.flags.closesConnection {
                _ = memory.follow(reply: flow.reversed, transport.flags, now: now)
            }
        } else if transport.icmpKind(packet) == .echoRequest {
            memory.open(reply: flow.reversed, now: now)
        } else if !packet.isICMP {
            let isKnown = memory.isTracked(reply: flow.reversed, now: now)
            if isKnown || !memory.isAnswer(flow, now: now) { memory.open(reply: flow.reversed, now: now) }
        }
    }

    /// Answers a flow that the node opened, or is an ICMP error about one.
    mutating func isReply(_ packet: Datagram, _ transport: Transport) -> Bool {
        let kind = transport.icmpKind(packet)
        if kind == .error {
            return quotedFlow(packet).map { memory.isTracked(reply: $0.reversed, now: now) } ?? false
        }
        guard !packet.isICMP || kind == .echoReply, !transport.opensConnection else { return false }
        return memory.follow(reply: FlowKey(packet, transport), transport.flags, now: now)
    }
}
