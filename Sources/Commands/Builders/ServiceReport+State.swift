import Dataplane
import Plan
import Policy

extension Traffic {
    init(_ tally: Tally) { self.init(packets: tally.packets, bytes: tally.bytes) }
}

extension ServiceReport {
    /// - Parameter name: The one service to show; `nil`: all of them, in the order of the file.
    init(_ state: State, _ counters: CounterSnapshot, _ loads: LoadSnapshot, only name: String? = nil) throws {
        let chosen = name.map { name in state.services.filter { $0.name == name } } ?? state.services
        if let name, chosen.isEmpty {
            throw Failure.unknown("service", name, among: state.services.map(\.name))
        }
        self.init(services: chosen.map { Service($0, counters, loads) }, detailed: name != nil)
    }
}

extension ServiceReport.Service {
    fileprivate init(_ service: ServiceState, _ counters: CounterSnapshot, _ loads: LoadSnapshot) {
        self.init(
            name: service.name, vips: service.allVIPs, ports: service.ports, forward: service.forward.rawValue,
            scheduler: service.scheduler.rawValue, affinity: service.affinity > 0 ? service.affinity : nil,
            traffic: Traffic(counters.service(service.slot)),
            unknownQUIC: service.quic.map { _ in counters.unknownQUIC(service.slot).packets },
            groups: service.groups.map { .init(name: $0.name, weight: $0.weight) },
            backends: zip(service.backends, service.shares).map { backend, share in
                let load = loads[backend: backend.slot]
                return .init(
                    name: backend.name, address: backend.address, weight: backend.weight, group: backend.group,
                    state: share > 0 ? .up : .draining,
                    flows: service.isStateful ? load.flows : nil,
                    handshake: service.scheduler == .latency ? load.handshake : nil,
                    traffic: Traffic(counters.backend(backend.slot)))
            })
    }
}
