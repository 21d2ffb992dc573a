import Maglev

extension [ServiceState] {
    /// Gives services and backends their slots, and services their tables.
    mutating func settle(after previous: [ServiceState], now: UInt64) {
        let before = Dictionary(previous.map { ($0.name, $0) }) { first, _ in first }
        assignSlots(\.slot, name: \.name, from: 0, previous: previous)
        var free = SlotAllocator(from: 1, taken: previous.lazy.flatMap { $0.backends.lazy.map(\.slot) })
        let sizes = tableSizes
        for index in indices {
            let old = before[self[index].name]
            // An override is about one service of many; the others' slots need not even be known.
            if let old, self[index] == old, old.slotsAreCurrent(at: now, size: sizes[index]) { continue }
            self[index].backends.assignSlots(after: old?.backends ?? [], from: &free)
            self[index].startRamps(after: old, now: now)
            self[index].fillSlots(size: sizes[index], after: old, now: now)
        }
    }

    /// Per service; each of its tables has the same.
    private var tableSizes: [Int] {
        let tables = map { 1 + $0.zonesInUse.count }
        let sizes = TableSize.choose(
            entries: zip(self, tables).flatMap { repeatElement($0.backends.count, count: $1) })
        var first = 0
        return tables.map { count in
            defer { first += count }
            return sizes[first]
        }
    }
}

extension ServiceState {
    /// A backend that is new beside others takes up its share slowly. Where all are new, somebody has to serve.
    fileprivate mutating func startRamps(after old: ServiceState?, now: UInt64) {
        guard let old else { return }
        let known = old.backends.indices(of: backends)
        let isServed = old.shares.contains { $0 > 0 }
        for (index, place) in zip(backends.indices, known) {
            if place != ServiceSlots.none {
                backends[index].rampStart = old.backends[Int(place)].rampStart
            } else if isServed, backends[index].slowStart > 0, drainTime > 0 {
                backends[index].rampStart = now
            }
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
