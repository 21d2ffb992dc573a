import Net
import Plan
import Policy

extension Oracle {
    /// What a rule can be about, from the point of view of one packet.
    enum Subject {
        /// A service on one of its VIPs.
        case service(Int, vip: IPAddress)
        /// ICMP echo to a VIP: belongs to all services there.
        case echo(vip: IPAddress)
        case node(IPAddress)
        case transit(IPAddress)
    }

    /// The rule that decides; `nil`: none, so the default does.
    func decidingRule(
        from source: IPAddress, to subject: Subject, _ ipProtocol: IPProtocol, _ selector: UInt16
    ) -> RuleState? {
        var best: RuleState?
        for rule in state.rules where applies(rule, source, subject, ipProtocol, selector) {
            if best.map({ outranks(rule, $0) }) ?? true { best = rule }
        }
        return best
    }

    private func outranks(_ rule: RuleState, _ other: RuleState) -> Bool {
        if rule.priority != other.priority { return rule.priority > other.priority }
        return rule.action == .deny && other.action == .allow
    }

    private func applies(
        _ rule: RuleState, _ source: IPAddress, _ subject: Subject, _ ipProtocol: IPProtocol, _ selector: UInt16
    ) -> Bool {
        let isFrom = rule.from.map { sets in sets.contains { state.sets[$0].contains(source) } } ?? true
        let hasPort = rule.ports.map { ports in ports.contains { $0.contains(ipProtocol, selector) } } ?? true
        return isFrom && hasPort && rule.to.contains { covers($0, subject) }
    }

    private func covers(_ destination: RuleState.Destination, _ subject: Subject) -> Bool {
        switch (destination, subject) {
        case (.any, _): true
        case (.node, .node): true
        case (.service(let index), .service(let other, _)): index == other
        case (.service(let index), .echo(let vip)): state.services[index].hasVIP(vip)
        case (.set(let index), .service(_, let address)), (.set(let index), .echo(let address)),
            (.set(let index), .node(let address)), (.set(let index), .transit(let address)):
            state.sets[index].contains(address)
        case (.node, _), (.service, _): false
        }
    }

    func identities(of address: IPAddress) -> [String] {
        state.sets.compactMap { set in set.contains(address) ? set.identity : nil }
    }
}

extension Judgement.Named {
    /// What decided: a rule, or the default.
    init(_ rule: RuleState?) { self.init(name: rule?.name ?? "default", slot: rule?.slot ?? 0) }

    init(_ service: ServiceState) { self.init(name: service.name, slot: service.slot) }

    init(_ backend: BackendState) { self.init(name: backend.name, slot: backend.slot) }
}
