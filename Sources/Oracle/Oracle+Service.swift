import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// `nil` where the packet is none of a service's business.
    mutating func judgeForService(
        _ packet: Datagram, _ transport: Transport, _ arrival: Arrival
    ) throws(Refusal) -> Judgement? {
        if isVIP(packet.destination), transport.icmpKind(packet) == .error {
            return try judgeErrorForVIP(packet, arrival)
        }
        let flow = FlowKey(packet, transport)
        guard let service = service(of: flow) else { return nil }
        return serve(flow, service, packet, arrival, transport)
    }

    private func service(of flow: FlowKey) -> Int? {
        state.services.firstIndex { service in
            service.hasVIP(flow.destination)
                && service.ports.contains { $0.contains(flow.ipProtocol, flow.destinationPort) }
        }
    }

    /// An error about an answer that a backend sent belongs to the backend that has the flow. The client that the quote
    /// names must be allowed; the router that sends the error need not be.
    private mutating func judgeErrorForVIP(_ packet: Datagram, _ arrival: Arrival) throws(Refusal) -> Judgement? {
        if let flow = quotedFlow(packet)?.reversed, let service = service(of: flow) {
            guard !state.nodeAddresses.contains(flow.source) else { throw .malformed }
            return serve(flow, service, packet, arrival, nil)
        }
        if isOwn(packet.destination) { return nil }
        guard packet.fragment == nil else { throw .fragment }
        guard quotedFlow(packet) != nil else { throw .malformed }
        return nil
    }

    /// - Parameters:
    ///   - flow: From the client to the VIP.
    ///   - packet: What is to be delivered, of that flow or an error about it.
    ///   - transport: `nil` for an error.
    private mutating func serve(
        _ flow: FlowKey, _ index: Int, _ packet: Datagram, _ arrival: Arrival, _ transport: Transport?
    ) -> Judgement {
        let service = state.services[index]
        if let sources = service.sources, !sources.contains(where: { state.sets[$0].contains(flow.source) }) {
            var judgement = Judgement(.dropSource)
            judgement.service = Judgement.Named(service)
            judgement.identities = identities(of: flow.source)
            return judgement
        }
        let rule = decidingRule(
            from: flow.source, to: .service(index, vip: flow.destination), flow.ipProtocol, flow.destinationPort)
        var judgement: Judgement
        if (rule?.action ?? state.ingressDefault) == .deny {
            judgement = Judgement(rule == nil ? .dropDefault : .dropPolicy)
        } else if service.forward == .nat {
            judgement = translate(packet, of: flow, to: service, transport, arrival)
        } else if let backend = backend(namedBy: packet, of: service)
            ?? backend(for: flow, of: service, FlowEvent(transport))
        {
            judgement = forward(packet, to: backend, of: service, hash: flow.hash, arrival)
            judgement.backend = Judgement.Named(backend)
        } else {
            judgement = unavailable(packet, service, arrival)
        }
        judgement.rule = Judgement.Named(rule)
        judgement.service = Judgement.Named(service)
        judgement.identities = identities(of: flow.source)
        return judgement
    }
}
