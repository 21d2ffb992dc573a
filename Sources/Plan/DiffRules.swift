import Net
import Policy

/// Rules are compared by what their peers are called, since indices into sets and services differ between states.
func diffRules(_ old: State, _ new: State) -> [Change] {
    let (before, after) = (PeerNames(old), PeerNames(new))
    let changes = named(.policy, old.rules, new.rules, name: \.name, summary: after.summary) { old, new in
        var details = Details()
        details.members("from", before.sources(of: old), after.sources(of: new)) { $0 }
        details.members("to", before.destinations(of: old), after.destinations(of: new)) { $0 }
        if old.ports != new.ports {
            details.members("ports", old.portNames, new.portNames) { $0 }
        }
        details.scalar("action", old.action.rawValue, new.action.rawValue)
        details.scalar("priority", "\(old.priority)", "\(new.priority)")
        return details.texts
    }
    return changes + reordered(old.rules, new.rules)
}

/// Rules of one precedence that swapped places: the same packets pass, but another rule is the one that is named.
private func reordered(_ old: [RuleState], _ new: [RuleState]) -> [Change] {
    let before = Dictionary(old.enumerated().map { ($1.name, (place: $0, rule: $1)) }) { first, _ in first }
    var changes: [Change] = []
    var last: (place: Int, rule: RuleState)?
    for rule in new {
        guard let was = before[rule.name], was.rule.hasSamePrecedence(as: rule) else { continue }
        if let last, last.rule.hasSamePrecedence(as: rule), was.place < last.place {
            changes.append(Change(.change, .policy, rule.name, "order now after \(last.rule.name)"))
        }
        last = (was.place, rule)
    }
    return changes
}

/// The names of all peers of one state.
struct PeerNames {
    private let sets: [String]
    private let services: [String]

    init(_ state: State) {
        sets = state.sets.map { set in set.identity ?? (set.complement ? "world" : set.text) }
        services = state.services.map { "service \($0.name)" }
    }

    func sources(of rule: RuleState) -> [String] { rule.from.map { $0.map { sets[$0] } } ?? ["any"] }

    func sources(of service: ServiceState) -> [String] { service.sources.map { $0.map { sets[$0] } } ?? ["any"] }

    func destinations(of rule: RuleState) -> [String] {
        rule.to.map { destination in
            switch destination {
            case .any: "any"
            case .node: "node"
            case .set(let index): sets[index]
            case .service(let index): services[index]
            }
        }
    }

    func summary(_ rule: RuleState) -> String {
        let list = { (names: [String]) in names.isEmpty ? "nobody" : shortened(names, separator: ", ") }
        return "\(rule.action.rawValue) from \(list(sources(of: rule))) to \(list(destinations(of: rule)))"
            + " ports \(list(rule.portNames))" + (rule.priority == 0 ? "" : " priority \(rule.priority)")
    }
}

extension RuleState {
    fileprivate var portNames: [String] { ports?.map(\.description) ?? ["all"] }

    fileprivate func hasSamePrecedence(as other: RuleState) -> Bool {
        priority == other.priority && action == other.action
    }
}
