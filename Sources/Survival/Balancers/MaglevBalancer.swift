import Oracle
import Plan

/// The service's current table, and nothing else.
final class MaglevBalancer: Balancer {
    private var table: [Int] = []

    func publish(_ service: ServiceState) {
        let numbers = service.backends.map(Fleet.number)
        table = service.slots.current.map { numbers[Int($0)] }
    }

    func choose(for connection: Connection, opens: Bool, now: UInt64) -> Int? {
        table.isEmpty ? nil : table[FlowHash.scale(connection.hash, to: table.count)]
    }
}

/// The table for connections that are not known, and a memory of all that are, as balancers with a connection table in
/// each node have it. A packet in the middle of a connection that is not known is balanced and remembered like a first.
final class TrackingBalancer: Balancer {
    private let table = MaglevBalancer()
    private var memory: Recent
    private var backends: Set<Int> = []

    init(memory: Int) { self.memory = Recent(capacity: memory) }

    func publish(_ service: ServiceState) {
        table.publish(service)
        backends = Set(service.backends.map(Fleet.number))
    }

    func choose(for connection: Connection, opens: Bool, now: UInt64) -> Int? {
        if !opens, let known = memory.use(connection.key), backends.contains(known) { return known }
        guard let chosen = table.choose(for: connection, opens: opens, now: now) else { return nil }
        memory.insert(connection.key, chosen)
        return chosen
    }
}
