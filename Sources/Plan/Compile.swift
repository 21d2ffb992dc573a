import Net
public import Policy

/// Resolves a document on this node.
///
/// - Parameters:
///   - overrides: Applied in their order; those that mean nothing to this document are left out, see
///     ``SettledOverrides``.
///   - previous: What is published. It contributes counter slots and, where a service's backends change, the backends
///     that connections have; it has no influence on verdicts.
public func compile(
    _ document: Document, facts: NodeFacts, overrides: [Override] = [], previous: State? = nil
) throws(PlanError) -> State {
    let previous = previous ?? State()
    var problems: [Diagnostic] = []
    var state = State()
    state.ingressDefault = document.defaults.ingress
    state.echoReply = document.defaults.echoReply
    state.clients = document.defaults.clients
    state.clientGroup = document.defaults.clientGroup
    state.flows = document.defaults.flows
    state.nodeAddresses = facts.ownAddresses
    state.interfaces = compile(document.interfaces, facts: facts, problems: &problems)
    state.services = compile(document, overrides, facts, state.interfaces, problems: &problems)
    var compiler = RuleCompiler(document)
    state.rules = compiler.compile(document.rules)
    for (index, service) in document.services.enumerated() {
        state.services[index].sources = service.sources.map { compiler.sources($0, of: service) }
    }
    state.sets = compiler.sets.sets
    state.addZones(document.zones)
    problems += compiler.problems
    guard problems.isEmpty else { throw PlanError(problems) }

    state.interfaces.assignSlots(
        \.slot, name: \.name, from: 1, previous: previous.interfaces, limit: Limit.interfaces)
    state.rules.assignSlots(\.slot, name: \.name, from: 1, previous: previous.rules)
    state.services.settle(after: previous.services, now: facts.now)
    return state
}

extension State {
    /// Zones whose prefixes some backend's clients may be near to; without such backends, none.
    fileprivate mutating func addZones(_ zones: [Zone]) {
        let inUse = Set(services.lazy.flatMap(\.backends).compactMap(\.zone))
        for zone in zones.sorted(by: { $0.name < $1.name }) where inUse.contains(zone.name) && !zone.cidrs.isEmpty {
            self.zones.append(ZoneState(name: zone.name, set: sets.count))
            sets.append(AddressSet(parts: [AddressSet.Part(prefixes: zone.cidrs, except: zone.except)]))
        }
    }
}

private func compile(
    _ interfaces: [Interface], facts: NodeFacts, problems: inout [Diagnostic]
) -> [InterfaceState] {
    if interfaces.count > Limit.interfaces {
        problems.append(
            Diagnostic(
                .error, at: interfaces[Limit.interfaces].position,
                "\(interfaces.count) interfaces are too many", hint: "at most \(Limit.interfaces)"))
    }
    return interfaces.compactMap { interface in
        guard let link = facts.links.first(where: { $0.name == interface.name }) else {
            problems.append(
                Diagnostic(
                    .error, at: interface.position, "there is no interface \"\(interface.name)\"",
                    hint: suggestion(for: interface.name, among: facts.links.map(\.name))))
            return nil
        }
        return InterfaceState(
            name: interface.name, index: link.index, mtu: link.mtu, mac: link.mac, mode: interface.mode,
            nextHop: interface.nextHop, decapsulate: interface.decapsulate, tunnelSources: interface.tunnelSources,
            slot: 0)
    }
}

/// Services with their backends, overrides applied, without slots.
private func compile(
    _ document: Document, _ overrides: [Override], _ facts: NodeFacts, _ interfaces: [InterfaceState],
    problems: inout [Diagnostic]
) -> [ServiceState] {
    var rosters = Rosters(document)
    for override in overrides { try? rosters.apply(override) }
    let sources = TunnelSources(
        interfaces: interfaces, facts: facts,
        vips: document.services.lazy.flatMap { $0.vips.map { Prefix($0) } + $0.vipPrefixes })
    var complained: Set<IPAddress.Family> = []
    // Backends have no way out of an interface that is not there, and that is one mistake, not many.
    let canSend = interfaces.count == document.interfaces.count

    return zip(document.services, rosters.services).map { service, roster in
        var backends = roster.backends
        if backends.count > Limit.backendsPerService {
            problems.append(
                Diagnostic(
                    .error, at: service.position, "service \(service.name) has \(backends.count) backends",
                    hint: "at most \(Limit.backendsPerService)"))
        }
        for backend in backends {
            guard
                let why = service.forward.obstacle(
                    to: backend, from: service.vips.map { Prefix($0) } + service.vipPrefixes)
            else { continue }
            problems.append(
                Diagnostic(.error, at: service.position, "service \(service.name): \(why.what)", hint: why.hint))
        }
        for index in backends.indices where service.forward.encapsulation != nil || service.masquerade {
            let address = backends[index].address
            backends[index].tunnelSource = sources.source(to: address)
            if backends[index].tunnelSource == nil, canSend, complained.insert(address.family).inserted {
                let position = service.backends.first { $0.name == backends[index].name }?.position
                let (what, hint) = sources.absence(of: address.family)
                problems.append(Diagnostic(.error, at: position ?? service.position, what, hint: hint))
            }
        }
        var state = ServiceState(
            name: service.name, vips: service.vips, ports: service.ports.map(\.match),
            targets: Dictionary(
                service.ports.compactMap { port in port.target.map { (port.match, $0) } }, uniquingKeysWith: { $1 }),
            forward: service.forward, masquerade: service.masquerade ? document.defaults.masqueradePorts : nil,
            scheduler: service.scheduler, drainTime: service.drainTime, affinity: service.affinity,
            backends: backends, slot: 0)
        (state.tunnelPort, state.vni, state.mtu) = (service.tunnelPort, service.vni, service.mtu)
        state.unavailable = service.unavailable
        state.groups = roster.groups
        state.vipPrefixes = service.vipPrefixes
        state.quic = service.quic
        return state
    }
}

extension Service.Forward {
    /// Why this way of forwarding does not lead from every VIP to the backend. The file's own backends have been
    /// checked; those of overrides have not.
    func obstacle(to backend: BackendState, from vips: [Prefix]) -> (what: String, hint: String)? {
        guard self == .nat, let vip = vips.first(where: { $0.family != backend.address.family }) else { return nil }
        return (
            "the backend \(backend.name) at \(backend.address) cannot serve the VIP \(vip.shortText)",
            "forward nat does not translate between IPv4 and IPv6"
        )
    }
}

extension NodeFacts {
    /// All of the node's, sorted. Also those that are a service's: nobody else may send from them either.
    fileprivate var ownAddresses: [IPAddress] {
        Set(links.flatMap(\.addresses)).filter { !$0.isLoopback }.sorted()
    }
}
