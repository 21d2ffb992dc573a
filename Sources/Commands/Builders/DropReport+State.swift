import Dataplane
import Plan
import Policy

extension DropReport {
    init(_ state: State, _ counters: CounterSnapshot) {
        var names: [UInt32: String] = [:]
        for interface in state.interfaces { names[interface.slot] = interface.name }
        let drops = Outcome.all.filter { $0.action == .drop }
        let denying = state.rules.filter { $0.action == .deny }

        var rows: [Row] = []
        for slot in counters.interfaceSlots {
            for outcome in drops {
                let traffic = Traffic(counters.outcome(outcome, interface: slot))
                let row = { Row(reason: outcome.name, interface: names[slot], rule: $0, traffic: $1) }
                switch outcome {
                case .dropPolicy:
                    rows += denying.map { row($0.name, Traffic(counters.rule($0.slot, interface: slot))) }
                case .dropDefault:
                    rows.append(row(RuleName.default, traffic))
                default:
                    rows.append(row(nil, traffic))
                }
            }
        }
        self.init(rows)
    }
}
