import Net
import Plan
import Policy

extension Oracle {
    /// The node takes off this packet's outer header.
    func isTunnelEnd(_ packet: Datagram, _ arrival: Arrival) -> Bool {
        guard packet.ipProtocol == .ipip || packet.ipProtocol == .ipv6,
            environment.isNode(packet.destination) || state.nodeAddresses.contains(packet.destination)
        else { return false }
        return state.interfaces.contains { $0.index == arrival.interface && $0.decapsulate.contains(.ipip) }
    }

    /// Any tunnel to the node ends here unless a rule denies it; the inner packet is what policy is about.
    mutating func judgeTunnelled(_ outer: Datagram, _ arrival: Arrival) throws(Refusal) -> Judgement {
        let rule = decidingRule(from: outer.source, to: .node(outer.destination), outer.ipProtocol, 0)
        if rule?.action == .deny {
            var judgement = Judgement(.dropPolicy)
            judgement.rule = Judgement.Named(rule)
            judgement.identities = identities(of: outer.source)
            return judgement
        }
        guard outer.fragment == nil else { throw .tunnel }
        let family: IPAddress.Family = outer.ipProtocol == .ipip ? .v4 : .v6
        guard let first = outer.payload.first, first >> 4 == (family == .v4 ? 4 : 6) else { throw .tunnel }
        let inner = try Datagram(outer.payload, family)
        var judgement = try judge(inner, arrival, isInner: true)
        if judgement.action == .pass {
            judgement.bytes = arrival.link.frame(Array(outer.payload + outer.trailer))
        }
        return judgement
    }
}
