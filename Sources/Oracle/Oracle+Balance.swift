import Net
import Packets
import Plan
import Policy

/// What comes in of a flow.
enum FlowEvent {
    /// The flags are none for what is not TCP, and for later fragments. `opens`: a SYN, or SCTP's INIT.
    case packet(TCPSegment.Flags, opens: Bool)
    /// An ICMP error about it, which leaves no trace.
    case error

    /// - Parameter transport: `nil` for an error.
    init(_ transport: Transport?) {
        self = transport.map { .packet($0.flags, opens: $0.opensConnection) } ?? .error
    }

    var opensConnection: Bool {
        if case .packet(_, let opens) = self { opens } else { false }
    }
}

/// Which backend.
extension Oracle {
    mutating func backend(for flow: FlowKey, of service: ServiceState, _ event: FlowEvent) -> BackendState? {
        let slots = slots(flow, service)
        if slots.current.isEmpty, slots.previous.isEmpty { return nil }
        if flow.ipProtocol != .udp, !service.isStateful { return byTable(flow, service, event) }
        return remembered(flow, service, event) ?? unknown(flow, service, event)
    }

    /// Connections that are older than the last change of the table keep their backend while the drain time runs.
    private mutating func byTable(_ flow: FlowKey, _ service: ServiceState, _ event: FlowEvent) -> BackendState? {
        let current = current(flow, service)
        guard let previous = previous(flow, service) else { return current }
        if event.opensConnection {
            guard let current else { return nil }
            let chosen = takes(current, flow) ? current : usable(previous.backend, service) ?? current
            remember(flow, chosen)
            return chosen
        }
        if let known = remembered(flow, service, event) { return known }
        guard let old = previous.backend, !isOver(old) else { return current }
        // So that a draining backend's connections can be counted.
        if case .packet(let flags, _) = event, !flags.closesConnection, old.slot != current?.slot {
            remember(flow, old)
        }
        return old
    }

    /// Whether a backend that is new among others takes this connection already: a tenth of them at first, and all of
    /// them when its slow start is over.
    private func takes(_ backend: BackendState, _ flow: FlowKey) -> Bool {
        let (ramp, passed) = (UInt64(backend.slowStart), now - min(backend.rampStart, now))
        guard backend.rampStart > 0, passed < ramp else { return true }
        return UInt64(FlowHash.remixed(flow.hash) & 0xFFFF) < 6553 + 58_983 * passed / ramp
    }

    private func usable(_ backend: BackendState?, _ service: ServiceState) -> BackendState? {
        backend.flatMap { service.takesNewFlows($0) ? $0 : nil }
    }

    /// Its drain was given an end of its own, and that has come.
    func isOver(_ backend: BackendState) -> Bool { backend.drainEnd > 0 && now >= backend.drainEnd }

    /// What nobody remembers goes by the table, whatever the scheduler.
    private func byHash(_ flow: FlowKey, _ service: ServiceState) -> BackendState? {
        let current = current(flow, service)
        guard flow.ipProtocol != .udp, let previous = previous(flow, service), let old = previous.backend, !isOver(old)
        else { return current }
        return old
    }

    private mutating func unknown(_ flow: FlowKey, _ service: ServiceState, _ event: FlowEvent) -> BackendState? {
        let isNew =
            switch event {
            case .packet(_, let opens): flow.ipProtocol == .udp || opens
            case .error: false
            }
        let client = client(flow, service, event, isNew: isNew)
        guard isNew else { return client ?? byHash(flow, service) }
        guard let chosen = client ?? chooseAnew(flow, service) else { return nil }
        remember(flow, chosen)
        if service.affinity > 0 {
            memory.clients[FlowMemory.Client(address: flow.source, service: service.slot)] = FlowMemory.Connection(
                slot: chosen.slot, address: chosen.address, seen: now)
        }
        return chosen
    }

    private mutating func chooseAnew(_ flow: FlowKey, _ service: ServiceState) -> BackendState? {
        service.scheduler == .maglev ? current(flow, service) : scheduled(service)
    }

    // MARK: Memory

    /// A packet of a flow of which `nat` remembers the backend; whatever else is remembered of it lives on, too.
    mutating func follow(_ flow: FlowKey, _ service: ServiceState, _ event: FlowEvent) {
        if service.isStateful { _ = remembered(flow, service, event) }
    }

    private mutating func remember(_ flow: FlowKey, _ backend: BackendState) {
        memory.connections[flow] = FlowMemory.Connection(slot: backend.slot, address: backend.address, seen: now)
    }

    private func serving(_ known: FlowMemory.Connection, _ service: ServiceState) -> BackendState? {
        service.backends.first { $0.slot == known.slot && $0.address == known.address }
    }

    /// The backend that the flow has, where it still serves it; the flow lives on.
    private mutating func remembered(
        _ flow: FlowKey, _ service: ServiceState, _ event: FlowEvent
    ) -> BackendState? {
        guard var known = memory.connections[flow], now - known.seen <= lifetime(flow.ipProtocol, known.state),
            let backend = serving(known, service)
        else { return nil }
        if event.opensConnection, known.state == .closing { return nil }
        if !service.takesNewFlows(backend) {
            if event.opensConnection, known.state != .opening { return nil }
            if now >= slots(flow, service).drainEnd || isOver(backend) { return nil }
        }
        guard case .packet(let flags, let opens) = event else { return backend }
        known.seen = now
        if flow.ipProtocol != .udp, known.state != .closing {
            if flags.closesConnection {
                known.state = .closing
            } else if !opens {
                known.state = .open
            }
        }
        memory.connections[flow] = known
        if service.affinity > 0 {
            memory.clients[FlowMemory.Client(address: flow.source, service: service.slot)]?.seen = now
        }
        return backend
    }

    private func lifetime(_ ipProtocol: IPProtocol, _ state: FlowMemory.Connection.State) -> UInt64 {
        let seconds =
            switch ipProtocol {
            case .udp: self.state.flows.idleUDP
            case .tcp: state == .open ? self.state.flows.idleTCP : min(60, self.state.flows.idleTCP)
            default: self.state.flows.idleSCTP
            }
        return UInt64(seconds)
    }

    /// The backend that the flow's client has.
    private mutating func client(
        _ flow: FlowKey, _ service: ServiceState, _ event: FlowEvent, isNew: Bool
    ) -> BackendState? {
        let key = FlowMemory.Client(address: flow.source, service: service.slot)
        guard service.affinity > 0, let known = memory.clients[key], now - known.seen <= UInt64(service.affinity),
            let backend = serving(known, service),
            service.takesNewFlows(backend)
                || (!isNew && now < slots(flow, service).drainEnd && !isOver(backend))
        else { return nil }
        if case .packet = event { memory.clients[key]?.seen = now }
        return backend
    }

    // MARK: Tables

    private func slots(_ flow: FlowKey, _ service: ServiceState) -> ServiceSlots {
        service.slots(near: state.zones.first { state.sets[$0.set].contains(flow.source) }?.name)
    }

    private func hash(_ flow: FlowKey, _ service: ServiceState) -> UInt32 {
        service.affinity > 0 ? FlowHash.of(client: flow.source) : flow.hash
    }

    private func current(_ flow: FlowKey, _ service: ServiceState) -> BackendState? {
        let slots = slots(flow, service).current
        guard !slots.isEmpty else { return nil }
        return service.backends[Int(slots[FlowHash.scale(hash(flow, service), to: slots.count)])]
    }

    private struct Previous {
        /// `nil`: gone, the connection is chosen anew.
        let backend: BackendState?
    }

    /// `nil` where the flow's slot is not marked.
    private func previous(_ flow: FlowKey, _ service: ServiceState) -> Previous? {
        let slots = slots(flow, service)
        guard !slots.previous.isEmpty, now < slots.drainEnd else { return nil }
        let backend = slots.previous[FlowHash.scale(hash(flow, service), to: slots.previous.count)]
        guard backend == ServiceSlots.none else { return Previous(backend: service.backends[Int(backend)]) }
        // A table of another size is marked as a whole.
        return slots.previous.count == slots.current.count ? nil : Previous(backend: nil)
    }

    // MARK: Schedulers

    private mutating func scheduled(_ service: ServiceState) -> BackendState? {
        let sequence = service.sequence
        guard !sequence.isEmpty else { return nil }
        let position = memory.positions[service.slot, default: 0]
        memory.positions[service.slot] = position + 1
        if service.scheduler == .roundRobin {
            return service.backends[Int(sequence[Int(position % UInt64(sequence.count))])]
        }
        let draw = FlowHash.draw(position, stream: UInt64(service.slot))
        let place = FlowHash.scale(UInt32(truncatingIfNeeded: draw), to: sequence.count)
        let first = service.backends[Int(sequence[place])]
        guard service.scheduler != .random, sequence.count > 1 else { return first }
        let further = FlowHash.scale(UInt32(truncatingIfNeeded: draw >> 32), to: sequence.count - 1)
        let second = service.backends[Int(sequence[(place + 1 + further) % sequence.count])]
        return second.slot == preference ? second : first
    }
}
