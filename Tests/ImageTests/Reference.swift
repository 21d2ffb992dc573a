import Image
import Net
import Plan
import Policy

/// What a state means, rule by rule.
enum Reference {
    /// The deciding rule's slot and whether it allows.
    static func cell(
        _ state: State, source: IPAddress, _ ipProtocol: IPProtocol, _ selector: UInt16, otherwise: Bool? = nil,
        to: (RuleState.Destination) -> Bool
    ) -> (allows: Bool, rule: UInt32) {
        let rule = state.rules.first { rule in
            (rule.from?.contains { state.sets[$0].contains(source) } ?? true)
                && (rule.ports?.contains { $0.contains(ipProtocol, selector) } ?? true)
                && rule.to.contains(where: to)
        }
        guard let rule else { return (otherwise ?? (state.ingressDefault == .allow), 0) }
        return (rule.action == .allow, rule.slot)
    }

    static func planeCell(
        _ state: State, _ plane: Image.Plane, source: IPAddress, destination: IPAddress, _ ipProtocol: IPProtocol,
        _ selector: UInt16
    ) -> (allows: Bool, rule: UInt32) {
        cell(state, source: source, ipProtocol, selector) { to in
            switch to {
            case .any: true
            case .node: plane == .node
            case .set(let set): state.sets[set].contains(destination)
            case .service: false
            }
        }
    }

    /// - Parameter services: whose frontend it is, or, for echo, all that have the VIP.
    static func frontendCell(
        _ state: State, source: IPAddress, vip: IPAddress, services: [Int], _ ipProtocol: IPProtocol,
        _ selector: UInt16, otherwise: Bool? = nil
    ) -> (allows: Bool, rule: UInt32) {
        cell(state, source: source, ipProtocol, selector, otherwise: otherwise) { to in
            switch to {
            case .any: true
            case .node: false
            case .set(let set): state.sets[set].contains(vip)
            case .service(let service): services.contains(service)
            }
        }
    }
}
