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

    /// `flow`: from the client to the VIP. `packet`: what is to be delivered, of that flow or an error about it, which has
    /// no `transport`.
    private mutating func serve(
        _ flow: FlowKey, _ index: Int, _ packet: Datagram, _ arrival: Arrival,
        _ transport: Transport?
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
        } else if let backend = backend(for: flow, of: service, transport) {
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

    // MARK: Which backend

    /// Connections that are older than the last change of the table keep their backend while the drain time runs.
    private mutating func backend(
        for flow: FlowKey, of service: ServiceState, _ transport: Transport?
    ) -> BackendState? {
        let slots = service.slots(near: zone(of: flow.source))
        let current =
            slots.current.isEmpty ? nil : Int(slots.current[FlowHash.scale(flow.hash, to: slots.current.count)])
        guard flow.ipProtocol != .udp, let previous = previousBackend(flow, slots) else {
            return current.map { service.backends[$0] }
        }
        if let transport, transport.opensConnection {
            guard let current else { return nil }
            let isTaken = takes(service.backends[current], flow)
            let chosen = service.backends[isTaken ? current : usable(previous.backend, service) ?? current]
            memory.connections[flow] = FlowMemory.Connection(slot: chosen.slot, address: chosen.address)
            return chosen
        }
        if let known = memory.connections[flow],
            let backend = service.backends.first(where: { $0.slot == known.slot && $0.address == known.address }),
            !isOver(backend)
        {
            return backend
        }
        guard let old = previous.backend.map({ service.backends[$0] }), !isOver(old) else {
            return current.map { service.backends[$0] }
        }
        if let transport, !transport.flags.closesConnection {
            memory.connections[flow] = FlowMemory.Connection(slot: old.slot, address: old.address)
        }
        return old
    }

    private func isOver(_ backend: BackendState) -> Bool { backend.drainEnd > 0 && now >= backend.drainEnd }

    /// Whether a backend that is new among others takes this connection already: a tenth of them at first, and all of
    /// them when its slow start is over.
    private func takes(_ backend: BackendState, _ flow: FlowKey) -> Bool {
        let (ramp, passed) = (UInt64(backend.slowStart), now - min(backend.rampStart, now))
        guard backend.rampStart > 0, passed < ramp else { return true }
        return UInt64(FlowHash.remixed(flow.hash) & 0xFFFF) < 6553 + 58_983 * passed / ramp
    }

    private func usable(_ backend: Int?, _ service: ServiceState) -> Int? {
        backend.flatMap { service.shares[$0] > 0 ? $0 : nil }
    }

    private func zone(of client: IPAddress) -> String? {
        state.zones.first { state.sets[$0.set].contains(client) }?.name
    }

    private struct Previous {
        /// `nil`: gone, the connection is chosen anew.
        let backend: Int?
    }

    /// `nil` where the flow's slot is not marked.
    private func previousBackend(_ flow: FlowKey, _ slots: ServiceSlots) -> Previous? {
        guard !slots.previous.isEmpty, now < slots.drainEnd else { return nil }
        let backend = slots.previous[FlowHash.scale(flow.hash, to: slots.previous.count)]
        guard backend == ServiceSlots.none else { return Previous(backend: Int(backend)) }
        // A table of another size is marked as a whole.
        return slots.previous.count == slots.current.count ? nil : Previous(backend: nil)
    }
}
