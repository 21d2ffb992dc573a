import Dataplane
import Node
import Plan
import Policy

extension Traffic {
    init(_ tally: Tally) { self.init(packets: tally.packets, bytes: tally.bytes) }
}

extension ServiceReport {
    /// - Parameter name: The one service to show; `nil`: all of them, in the order of the file.
    init(_ running: Running, only name: String? = nil) throws {
        let state = running.state
        let chosen = name.map { name in state.services.filter { $0.name == name } } ?? state.services
        if let name, chosen.isEmpty {
            throw Failure.unknown("service", name, among: state.services.map(\.name))
        }
        let (counters, loads) = (try running.dataplane.counters(), try running.dataplane.loads())
        let isDraining = chosen.contains { $0.shares.contains(0) }
        let drains = Drains(isDraining ? try running.dataplane.flows() : [], now: NodeFacts.monotonicSeconds())
        self.init(services: chosen.map { Service($0, counters, loads, drains) }, detailed: name != nil)
    }
}

extension ServiceReport.Service {
    fileprivate init(
        _ service: ServiceState, _ counters: CounterSnapshot, _ loads: LoadSnapshot, _ drains: Drains
    ) {
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
                    zone: backend.zone,
                    state: share > 0 ? .up : .draining,
                    flows: service.isStateful ? load.flows : nil,
                    handshake: service.scheduler == .latency ? load.handshake : nil,
                    traffic: Traffic(counters.backend(backend.slot)),
                    connections: share > 0 ? nil : drains.connections(of: backend),
                    drainSeconds: share > 0 ? nil : drains.seconds(of: backend, in: service))
            })
    }
}

/// What is left of backends that drain.
private struct Drains {
    /// By counter slot.
    private var counts: [UInt32: Int] = [:]
    private let now: UInt64

    /// Connections that have not sent for longer are taken to be gone.
    private static let idleLimit = Duration.seconds(900)

    init(_ flows: [FlowEntry], now: UInt64) {
        self.now = now
        for flow in flows where flow.idle <= Self.idleLimit {
            if case .connection(let slot, _, let state) = flow.kind, state != .closing {
                counts[slot, default: 0] += 1
            }
        }
    }

    func connections(of backend: BackendState) -> Int { counts[backend.slot] ?? 0 }

    /// `nil` where its time is up.
    func seconds(of backend: BackendState, in service: ServiceState) -> Int? {
        let tables = service.zoneSlots.map(\.slots.drainEnd) + [service.slots.drainEnd]
        let end = min(tables.max() ?? 0, backend.drainEnd > 0 ? backend.drainEnd : .max)
        return end > now ? Int(end - now) : nil
    }
}
