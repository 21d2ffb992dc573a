import Oracle
import Plan

/// Two tables, marks, and a memory of the connections that began at marked slots: `bpf/lib/balance.h`.
final class SluiceBalancer: Balancer {
    private var slots = ServiceSlots()
    private var numbers: [Int] = []
    private var memory: Recent

    init(memory: Int) { self.memory = Recent(capacity: memory) }

    func publish(_ service: ServiceState) {
        slots = service.slots
        numbers = service.backends.map(Fleet.number)
    }

    func choose(for connection: Connection, opens: Bool, now: UInt64) -> Int? {
        let current =
            slots.current.isEmpty
            ? nil : numbers[Int(slots.current[FlowHash.scale(connection.hash, to: slots.current.count)])]
        guard let mark = slots.mark(connection.hash, now: now) else { return current }
        if opens {
            if let current { memory.insert(connection.key, current) }
            return current
        }
        if let known = memory.use(connection.key), numbers.contains(known) { return known }
        return mark.previous.map { numbers[$0] } ?? current
    }
}

/// Of a marked slot.
struct Mark {
    /// The index of the backend that connections from before have; `nil` where it is gone.
    let previous: Int?
}

extension ServiceSlots {
    /// `nil` where the connection's slot is plain.
    func mark(_ hash: UInt32, now: UInt64) -> Mark? {
        guard !previous.isEmpty, now < drainEnd else { return nil }
        let backend = previous[FlowHash.scale(hash, to: previous.count)]
        guard backend == Self.none else { return Mark(previous: Int(backend)) }
        // A table of another size is marked as a whole.
        return previous.count == current.count ? nil : Mark(previous: nil)
    }
}
