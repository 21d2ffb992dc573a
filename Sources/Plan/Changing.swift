import Net
import Policy

/// The state with one override more: what ``compile(_:facts:overrides:previous:)`` makes of it, without the document.
///
/// Only the table of the override's service is computed, as long as the number of all backends does not change the
/// sizes of others. Where an override leaves that number alone, no other service's slots need be in `state`.
public func changing(_ state: State, by override: Override, facts: NodeFacts) throws(OverrideError) -> State {
    guard let index = state.services.firstIndex(where: { $0.name == override.service }) else {
        throw noService(override.service, among: state.services.map(\.name))
    }
    func settled(_ next: State) -> State {
        var next = next
        next.services.settle(after: state.services, now: facts.now)
        return next
    }
    var next = state
    try next.services[index].apply(override)
    let service = next.services[index]
    if case .add(let address, _, _, _) = override.change,
        let place = service.backends.firstIndex(where: { $0.name == override.backend })
    {
        if let why = service.forward.obstacle(to: service.backends[place], from: service.allVIPs) {
            throw OverrideError(why.what, hint: why.hint)
        }
        guard service.forward.encapsulation != nil || service.masquerade != nil else { return settled(next) }
        let sources = TunnelSources(
            interfaces: state.interfaces, facts: facts, vips: state.services.lazy.flatMap(\.allVIPs))
        guard let source = sources.source(to: address) else {
            let (what, hint) = sources.absence(of: address.family)
            throw OverrideError(what, hint: hint)
        }
        next.services[index].backends[place].tunnelSource = source
    }
    return settled(next)
}
