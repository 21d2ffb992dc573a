import Dataplane
import Net
import Plan

extension DropEventReport {
    init(_ event: DropEvent, in state: State) {
        let ipProtocol = event.source == nil ? nil : IPProtocol(event.proto)
        let hasPorts = ipProtocol?.hasPorts ?? false
        let asked = [Outcome.dropPolicy, .dropDefault].contains(event.outcome)
        self.init(
            time: event.time.formattedSeconds, reason: event.outcome.name,
            interface: state.interfaces.first { $0.index == event.interfaceIndex }?.name,
            rule: asked ? RuleName.of(slot: event.ruleSlot, in: state) : nil, ipProtocol: ipProtocol,
            source: event.source, sourcePort: hasPorts ? event.sourcePort : nil, destination: event.destination,
            destinationPort: hasPorts ? event.destinationPort : nil, length: event.length)
    }
}

extension Duration {
    /// `12.003456`: seconds, to the microsecond.
    fileprivate var formattedSeconds: String {
        let microseconds = String(components.attoseconds / 1_000_000_000_000)
        return "\(components.seconds)." + String(repeating: "0", count: 6 - microseconds.count) + microseconds
    }
}
