import Maglev

extension [ServiceState] {
    /// Gives services and backends their slots, and services their tables.
    mutating func settle(after previous: [ServiceState], now: UInt64) {
        let before = Dictionary(previous.map { ($0.name, $0) }) { first, _ in first }
        assignSlots(\.slot, name: \.name, from: 0, previous: previous)
        var free = SlotAllocator(from: 1, taken: previous.lazy.flatMap { $0.backends.lazy.map(\.slot) })
        let sizes = TableSize.choose(entries: map(\.backends.count))
        for index in indices {
            let old = before[self[index].name]
            // An override is about one service of many; the others' slots need not even be known.
            if let old, self[index] == old, old.slots.isCurrent(at: now, size: sizes[index]) { continue }
            self[index].backends.assignSlots(after: old?.backends ?? [], from: &free)
            self[index].slots = ServiceSlots(for: self[index], size: sizes[index], after: old, now: now)
        }
    }
}

extension [BackendState] {
    /// Where each of `old` is among these, or ``ServiceSlots/none``; both sorted by name. A backend with another
    /// address is another backend, whatever its name.
    func indices(of old: [BackendState]) -> [UInt16] {
        var place = startIndex
        return old.map { backend in
            while place < endIndex, self[place].name < backend.name { place += 1 }
            let same = place < endIndex && self[place].name == backend.name && self[place].address == backend.address
            return same ? UInt16(place) : ServiceSlots.none
        }
    }

    fileprivate mutating func assignSlots(after old: [BackendState], from free: inout SlotAllocator) {
        for (backend, place) in zip(old, indices(of: old)) where place != ServiceSlots.none {
            self[Int(place)].slot = backend.slot
        }
        let known = old.indices(of: self)
        for index in indices where known[index] == ServiceSlots.none { self[index].slot = free.allocate() }
    }
}
