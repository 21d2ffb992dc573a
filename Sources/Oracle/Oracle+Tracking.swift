import Net
import Packets

extension Oracle {
    /// Notes what a frame that the node itself sends out leads to: replies to the flows it opens may come in. Frames
    /// that the node merely forwards, or that the data path sent, are not to be shown.
    public mutating func observeEgress(frame: [UInt8]) {
        guard let link = try? Link(frame), [0x0800, 0x86DD].contains(link.etherType),
            let packet = try? Datagram(link.content, link.etherType == 0x0800 ? .v4 : .v6), !packet.isLaterFragment,
            let transport = try? Transport(packet)
        else { return }
        let flow = FlowKey(packet, transport)
        switch packet.ipProtocol {
        case .tcp where !transport.flags.opensConnection:
            _ = memory.follow(reply: flow.reversed, transport.flags, now: now)
        case .tcp: memory.open(reply: flow.reversed, now: now)
        case .icmp, .icmpv6:
            if transport.kind(packet.ipProtocol) == .echoRequest { memory.open(reply: flow.reversed, now: now) }
        default:
            if !memory.isAnswer(flow, now: now) { memory.open(reply: flow.reversed, now: now) }
        }
    }

    /// Answers a flow that the node opened, or is an ICMP error about one.
    mutating func isReply(_ packet: Datagram, _ transport: Transport) -> Bool {
        guard packet.ipProtocol.isICMP else {
            return memory.follow(reply: FlowKey(packet, transport), transport.flags, now: now)
        }
        switch transport.kind(packet.ipProtocol) {
        case .echoReply: return memory.follow(reply: FlowKey(packet, transport), transport.flags, now: now)
        case .error:
            guard packet.fragment == nil, let quote = Quote(packet.payload, packet.family), !quote.isOtherICMP,
                quote.flow.source == packet.destination
            else { return false }
            return memory.isTracked(reply: quote.flow.reversed, now: now)
        case .echoRequest, .neighbourDiscovery, .other: return false
        }
    }
}
