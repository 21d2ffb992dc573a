import Dataplane
import Plan
import Policy

extension PolicyReport {
    /// All of them.
    init(_ state: State, _ counters: CounterSnapshot) {
        self.init(
            policies: state.rules.map { Policy($0, nil, counters) }, fallback: .fallback(of: state, counters))
    }

    /// One of them.
    ///
    /// - Parameters:
    ///   - name: A policy's, or `default` for what no policy decides.
    ///   - document: What `state` was made from; it still knows by which names the rule was written.
    init(showing name: String, of document: Document, _ state: State, _ counters: CounterSnapshot) throws {
        let rules = document.rules.filter { $0.name == name }
        let policies =
            name == RuleName.default
            ? [.fallback(of: state, counters)]
            : state.rules.filter { $0.name == name }.map { Policy($0, rules.first, counters) }
        guard !policies.isEmpty else {
            throw Failure.unknown("policy", name, among: state.rules.map(\.name) + [RuleName.default])
        }
        self.init(policies: policies, detailed: true)
    }
}

extension PolicyReport.Policy {
    fileprivate init(_ state: RuleState, _ rule: Rule?, _ counters: CounterSnapshot) {
        self.init(
            name: state.name, from: (rule?.from ?? []).map(\.summary), to: (rule?.to ?? []).map(\.summary),
            ports: state.ports ?? [], action: state.action, priority: state.priority,
            traffic: Traffic(counters.rule(state.slot)))
    }

    fileprivate static func fallback(of state: State, _ counters: CounterSnapshot) -> PolicyReport.Policy {
        PolicyReport.Policy(
            name: RuleName.default, from: ["any"], to: ["any"], ports: [], action: state.ingressDefault,
            priority: nil, traffic: Traffic(counters.rule(RuleName.defaultSlot)))
    }
}

extension Rule.Peer {
    /// As the file has it.
    fileprivate var summary: String {
        switch self {
        case .any: "any"
        case .world: "world"
        case .node: "node"
        case .identity(let name): name
        case .service(let name): name
        case .labels(let labels): labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.list
        case .cidr(let prefix, let except): "\(prefix)" + (except.isEmpty ? "" : " except \(except.list)")
        }
    }
}

/// How rules are named where no rule of the file is meant.
enum RuleName {
    static let `default` = "default"
    /// Where the default's packets are counted.
    static let defaultSlot: UInt32 = 0

    static func of(slot: UInt32, in state: State) -> String? {
        slot == defaultSlot ? `default` : state.rules.first { $0.slot == slot }?.name
    }
}
