import Maglev

extension ServiceState {
    /// Gives the service its tables, and marks for the connections that it would break without.
    ///
    /// - Parameters:
    ///   - size: Slots that a table has if it has any.
    ///   - old: The service as it is published, if it is.
    mutating func fillSlots(size: Int, after old: ServiceState?, now: UInt64) {
        slots = ServiceSlots(for: self, near: nil, size: size, after: old, now: now)
        zoneSlots = zonesInUse.map { zone in
            ZoneSlots(zone: zone, slots: ServiceSlots(for: self, near: zone, size: size, after: old, now: now))
        }
    }

    /// Those of its backends.
    var zonesInUse: [String] { Set(backends.compactMap(\.zone)).sorted() }

    /// Whether its tables can stay as they are where the rest of it does.
    func slotsAreCurrent(at now: UInt64, size: Int) -> Bool {
        slots.isCurrent(at: now, size: size) && zoneSlots.allSatisfy { $0.slots.isCurrent(at: now, size: size) }
    }
}

extension ServiceSlots {
    /// The table of `service` for clients of a zone, or of none. Each table settles by itself; a zone that had none of
    /// its own had the service's.
    fileprivate init(for service: ServiceState, near zone: String?, size: Int, after old: ServiceState?, now: UInt64) {
        let shares = service.shares(near: zone)
        guard let old else {
            self.init(current: Self.table(service.backends, shares, size: size))
            return
        }
        let before = old.slots(near: zone).withoutExpiredMarks(at: now)
        let sameTable =
            (before.current.isEmpty || before.current.count == size)
            && old.backends.elementsEqual(service.backends) { $0.name == $1.name }
            && old.shares(near: old.zoneSlots.contains { $0.zone == zone } ? zone : nil) == shares
        let current = sameTable ? before.current : Self.table(service.backends, shares, size: size)
        let longest = service.backends.map(\.drainEnd).max() ?? 0
        if max(service.drainTime > 0 ? .max : 0, longest) <= now || service.backends.isEmpty {
            self.init(current: current)
        } else if sameTable, old.backends.elementsEqual(service.backends, by: { $0.address == $1.address }) {
            self = before
        } else {
            let change = TableChange(
                before: before, current: current, moved: service.backends.indices(of: old.backends))
            self = change.slots(drainEnd: max(now + UInt64(service.drainTime), longest))
        }
        if !previous.isEmpty { drainEnd = max(drainEnd, longest) }
        if old.isStateful, !service.isStateful { keepRemembered(until: now + UInt64(service.drainTime)) }
    }

    /// Marks every slot, so that connections that another scheduler placed are looked up while they drain.
    private mutating func keepRemembered(until end: UInt64) {
        guard !current.isEmpty, end > 0 else { return }
        drainEnd = max(drainEnd, end)
        if previous.isEmpty {
            previous = current
        } else if previous.count == current.count {
            for slot in current.indices where previous[slot] == Self.none { previous[slot] = current[slot] }
        }
    }

    private static func table(_ backends: [BackendState], _ shares: [UInt32], size: Int) -> [UInt16] {
        guard !backends.isEmpty else { return [] }
        return Table.build(
            size: size, entries: zip(backends, shares).map { Table.Entry(key: $0.name, weight: $1) })
    }

    /// Whether they can stay as they are where the service does.
    fileprivate func isCurrent(at now: UInt64, size: Int) -> Bool {
        (current.isEmpty || current.count == size) && (previous.isEmpty || drainEnd > now)
    }

    fileprivate func withoutExpiredMarks(at now: UInt64) -> ServiceSlots {
        drainEnd <= now ? ServiceSlots(current: current) : self
    }
}

/// How the connections of one table live on under the next one.
private struct TableChange {
    /// Without expired marks.
    let before: ServiceSlots
    let current: [UInt16]
    /// New index per old index; ``ServiceSlots/none`` for backends that are gone.
    let moved: [UInt16]

    private var none: UInt16 { ServiceSlots.none }

    func slots(drainEnd: UInt64) -> ServiceSlots {
        let marks = before.previous
        let bySlot = before.current.count == current.count && (marks.isEmpty || marks.count == current.count)
        let previous = bySlot ? changedSlots() : allSlots()
        // Only connections that lose their slot now need the whole drain time from now on.
        let end = displaces ? max(drainEnd, before.drainEnd) : before.drainEnd
        guard end > 0, !previous.isEmpty else { return ServiceSlots(current: current) }
        return ServiceSlots(current: current, previous: previous, drainEnd: end)
    }

    /// True where a backend that is still there has a slot no longer, and so connections in the wrong place.
    private var displaces: Bool {
        guard before.current.count == current.count else {
            return before.current.contains { moved[Int($0)] != none }
        }
        return zip(before.current, current).contains { old, new in
            let old = moved[Int(old)]
            return old != none && old != new
        }
    }

    /// Slot by slot, where the table keeps its size; empty where no slot is marked.
    private func changedSlots() -> [UInt16] {
        let marks = before.previous
        var result = [UInt16](repeating: none, count: current.count)
        var marked = false
        for slot in current.indices {
            if !marks.isEmpty, marks[slot] != none {
                // Everything newer than this mark is remembered, so it stays a mark, also without its backend: the
                // connections of that one are chosen anew, and so are where the new table says.
                let established = moved[Int(marks[slot])]
                result[slot] = established == none ? current[slot] : established
                marked = true
            } else {
                let old = moved[Int(before.current[slot])]
                guard old != none, old != current[slot] else { continue }
                result[slot] = old
                marked = true
            }
        }
        return marked ? result : []
    }

    /// The table that connections were established with, whole, where the new one has another size or none.
    private func allSlots() -> [UInt16] {
        let (old, marks) = (before.current, before.previous)
        var result: [UInt16]
        if marks.isEmpty {
            result = old.map { moved[Int($0)] }
        } else if marks.count == old.count {
            result = zip(marks, old).map { moved[Int($0 == none ? $1 : $0)] }
        } else {
            result = marks.map { $0 == none ? none : moved[Int($0)] }
        }
        // The size may be back at what it was; then a slot without an entry would count as plain.
        if result.count == current.count {
            for slot in result.indices where result[slot] == none { result[slot] = current[slot] }
        }
        return result
    }
}
