import Dataplane
import FoundationEssentials
import Image
import Plan
import Policy

extension StatusReport {
    init(
        _ published: PublishedState, _ kernel: DataplaneStatus, _ counters: CounterSnapshot, instance: Instance
    ) {
        let state = published.state
        let modes = Dictionary(kernel.interfaces.map { ($0.name, $0.mode) }, uniquingKeysWith: { first, _ in first })
        let down = state.services.filter { $0.shares.allSatisfy { $0 == 0 } }.map(\.name)

        self.instance = instance.name
        program = kernel.program.id
        generation = kernel.generation
        self.published = Date(timeIntervalSince1970: Double(published.publishedAt)).formatted(.iso8601)
        interfaces = state.interfaces.map {
            Interface(
                name: $0.name, mode: modes[$0.name]?.rawValue, packets: Dispositions(counters, interface: $0.slot))
        }
        services = Services(total: state.services.count, up: state.services.count - down.count, down: down)
        if state.servedClients != .none {
            localClients = LocalClients(
                scope: state.servedClients.rawValue, cgroup: state.clientGroup ?? "/", attached: kernel.servesClients)
        }
        policies = state.rules.count
        overrides = published.overrides.map(\.description)
        packets = counters.interfaceSlots.reduce(Dispositions()) { $0 + Dispositions(counters, interface: $1) }
        unremembered = counters.unremembered
        problems = interfaces.filter { $0.mode == nil }.map { "\($0.name) is not attached: apply again" }
        if localClients?.attached == false {
            problems.append("processes of the node do not reach services: apply again, which says why")
        }
        if !kernel.isCurrentVersion {
            problems.append("another version of the program runs: apply again to replace it")
        }
    }
}

extension Dispositions {
    /// What became of the packets of one interface.
    init(_ counters: CounterSnapshot, interface slot: UInt32) {
        self.init()
        for outcome in Outcome.all {
            let packets = counters.outcome(outcome, interface: slot).packets
            switch outcome.action {
            case .pass: pass &+= packets
            case .drop: drop &+= packets
            case .tx: tx &+= packets
            case .redirect: redirect &+= packets
            }
        }
    }
}
