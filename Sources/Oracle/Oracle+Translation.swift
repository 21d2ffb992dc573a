import Net
import Packets
import Plan
import Policy

/// Forwarding by `nat`: to the backend, and back in the VIP's name.
extension Oracle {
    private typealias Translation = FlowMemory.Translation

    /// `flow`: from the client to the VIP. `packet`: of that flow, or, where `transport` is `nil`, an error about it.
    mutating func translate(
        _ packet: Datagram, of flow: FlowKey, to service: ServiceState, _ transport: Transport?, _ arrival: Arrival
    ) -> Judgement {
        let known = known(flow, of: service, transport)
        if known == nil, transport == nil { return Judgement(.dropNoFlow) }
        guard
            let backend = known.map({ known in service.backends.first { $0.slot == known.slot } })
                ?? backend(for: flow, of: service, FlowEvent(transport))
        else { return unavailable(packet, service, arrival) }
        if known != nil, let transport {
            memory.follow(translationOf: flow, transport, now: now)
            follow(flow, service, FlowEvent(transport))
        }
        var judgement = send(packet, to: backend, of: service, arrival)
        judgement.backend = Judgement.Named(backend)
        guard judgement.outcome.action != .drop else { return judgement }
        var translation = known
        if known == nil {
            let leaves = judgement.outcome != .passForwarded && !isBeyond(backend, arrival)
            guard let fresh = open(flow, service, backend, masquerading: leaves, transport) else {
                var refused = Judgement(.dropNoPort)
                refused.backend = judgement.backend
                return refused
            }
            translation = fresh
        }
        guard let translation else { return judgement }
        finish(&judgement, packet, flow, translation.flow, isError: transport == nil, arrival)
        return judgement
    }

    /// While its backend serves the service. A SYN after the end of a connection begins another one.
    private func known(_ flow: FlowKey, of service: ServiceState, _ transport: Transport?) -> Translation? {
        guard let known = memory.translation(of: flow, now: now), !known.isReply,
            !(known.state == .closing && transport?.opensConnection ?? false),
            service.backends.contains(where: {
                $0.slot == known.slot && $0.address == known.address && !isOver($0)
            })
        else { return nil }
        return known
    }

    private func isBeyond(_ backend: BackendState, _ arrival: Arrival) -> Bool {
        let interface = state.interfaces.first { $0.index == arrival.interface }
        guard case .neighbour(let hop) = route(to: backend, .nat, interface) else { return false }
        return !state.interfaces.contains { $0.index == hop.interface }
    }

    /// The outcome, without bytes.
    private func send(
        _ packet: Datagram, to backend: BackendState, of service: ServiceState, _ arrival: Arrival
    ) -> Judgement {
        if isOwn(backend.address) { return Judgement(.passForwarded) }
        let interface = state.interfaces.first { $0.index == arrival.interface }
        return routed(packet, route(to: backend, .nat, interface), service.mtu, arrival)
    }

    /// - Parameter limit: The service's MTU.
    private func routed(
        _ packet: Datagram, _ route: Environment.Route, _ limit: UInt16?, _ arrival: Arrival
    ) -> Judgement {
        guard let (judgement, hop) = depart(route, arrival) else { return Judgement(.dropNoRoute) }
        guard packet.hopLimit > 1 else { return expired(packet, arrival) }
        let interface = state.interfaces.first { $0.index == arrival.interface }
        let path = hop.mtu > 0 ? hop.mtu : interface?.mtu ?? Int.max
        let mtu = min(path, limit.map(Int.init) ?? Int.max)
        if packet.bytes.count > mtu { return tooBig(packet, fitting: mtu, arrival) }
        var sent = judgement
        sent.hop = hop
        return sent
    }

    private mutating func open(
        _ flow: FlowKey, _ service: ServiceState, _ backend: BackendState, masquerading leaves: Bool,
        _ transport: Transport?
    ) -> Translation? {
        var translated = flow
        translated.destination = backend.address
        if let target = service.targets[TrafficMatch(flow.ipProtocol, port: flow.destinationPort)] {
            translated.destinationPort = target
        }
        if leaves, let ports = service.masquerade, let source = backend.tunnelSource {
            translated.source = source
            guard let port = freePort(ports, for: flow, translated) else { return nil }
            translated.sourcePort = port
        }
        let translation = Translation(
            flow: translated, slot: backend.slot, address: backend.address,
            state: transport?.flags.closesConnection ?? false
                ? .closing : transport?.opensConnection ?? false ? .opening : .open, seen: now)
        memory.translate(flow, translation)
        return translation
    }

    private static let portTries = 16

    /// The first of some ports in a row, beginning where the flow's hash says, that no other flow to the same backend's
    /// port has.
    private func freePort(_ ports: ClosedRange<UInt16>, for flow: FlowKey, _ translated: FlowKey) -> UInt16? {
        let start = FlowHash.scale(flow.hash &* 0x9E37_79B1, to: ports.count)
        for step in 0..<min(Self.portTries, ports.count) {
            var candidate = translated
            candidate.sourcePort = ports.lowerBound + UInt16((start + step) % ports.count)
            let taken = memory.translation(of: candidate.reversed, now: now)
            if taken.map({ $0.isReply && $0.flow == flow.reversed }) ?? true { return candidate.sourcePort }
        }
        return nil
    }

    /// A backend's answer, or an error about what a backend was sent.
    mutating func judgeReply(_ packet: Datagram, _ transport: Transport, _ arrival: Arrival) -> Judgement? {
        let isError = transport.icmpKind(packet) == .error
        guard let flow = isError ? quotedFlow(packet)?.reversed : FlowKey(packet, transport), flow.ipProtocol.hasPorts,
            !transport.opensConnection, let known = memory.translation(of: flow, now: now), known.isReply
        else { return nil }
        if !isError { memory.follow(translationOf: flow, transport, now: now) }
        let client = known.flow.destination
        let interface = state.interfaces.first { $0.index == arrival.interface }
        var route = environment.route(to: client)
        if let interface, case .fixed(let mac) = interface.nextHop {
            route = .neighbour(
                NextHop(
                    interface: interface.index, destination: mac,
                    source: interface.mac ?? MACAddress(octets: (0, 0, 0, 0, 0, 0)), mtu: interface.mtu))
        }
        var judgement = routed(packet, route, nil, arrival)
        guard judgement.outcome.action != .drop else { return judgement }
        finish(&judgement, packet, flow, known.flow, isError: isError, arrival)
        switch judgement.outcome {
        case .txForwarded: judgement.outcome = .txReply
        case .redirectForwarded: judgement.outcome = .redirectReply
        default: judgement.outcome = .redirectReplyResolve
        }
        return judgement
    }

    /// A backend's answer as it leaves the node by way of the kernel; `nil` where the packet is none. Masqueraded flows
    /// have their answers come in from outside.
    mutating func translateAnswer(_ packet: Datagram, _ transport: Transport, _ link: Link) -> [UInt8]? {
        let flow = FlowKey(packet, transport)
        guard flow.ipProtocol.hasPorts, !transport.opensConnection,
            let known = memory.translation(of: flow, now: now), known.isReply,
            known.flow.destination == flow.destination, known.flow.destinationPort == flow.destinationPort
        else { return nil }
        memory.follow(translationOf: flow, transport, now: now)
        rememberFragment(packet, transport)
        var rewriting = Rewriting(packet)
        rewriting.turn(to: known.flow, hops: 0, hasTransport: !packet.isLaterFragment)
        return link.frame(rewriting.bytes + Array(packet.trailer))
    }

    /// Gives the judgement its bytes: `packet` with the ends of `flow` replaced by those of `translated`.
    private func finish(
        _ judgement: inout Judgement, _ packet: Datagram, _ flow: FlowKey, _ translated: FlowKey, isError: Bool,
        _ arrival: Arrival
    ) {
        let hops: UInt8 = judgement.outcome == .passForwarded ? 0 : 1
        var rewriting = Rewriting(packet)
        if isError {
            rewriting.turnError(about: flow, to: translated, hops: hops)
        } else {
            rewriting.turn(to: translated, hops: hops, hasTransport: !packet.isLaterFragment)
        }
        let content = rewriting.bytes + Array(packet.trailer)
        if let hop = judgement.hop {
            judgement.bytes = arrival.link.frame(content, to: hop, keepingTags: judgement.outcome == .txForwarded)
        } else {
            judgement.bytes = arrival.link.frame(content)
        }
    }
}
