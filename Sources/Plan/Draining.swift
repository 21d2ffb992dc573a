import Maglev

extension ServiceSlots {
    /// The table of `service`, and marks for the connections that it would break without.
    ///
    /// - Parameters:
    ///   - size: Slots that the table has if it has any.
    ///   - old: The service as it is published, if it is.
    init(for service: ServiceState, size: Int, after old: ServiceState?, now: UInt64) {
        guard let old else {
            self.init(current: Self.table(service, size: size))
            return
        }
        let before = old.slots.withoutExpiredMarks(at: now)
        let sameTable =
            (before.current.isEmpty || before.current.count == size)
            && old.backends.elementsEqual(service.backends) { $0.name == $1.name } && old.shares == service.shares
        let current = sameTable ? before.current : Self.table(service, size: size)
        if service.drainTime == 0 || service.backends.isEmpty {
            self.init(current: current)
        } else if sameTable, old.backends.elementsEqual(service.backends, by: { $0.address == $1.address }) {
            self = before
        } else {
            let change = TableChange(
                before: before, current: current, moved: service.backends.indices(of: old.backends))
            self = change.slots(drainEnd: now + UInt64(service.drainTime))
        }
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

    private static func table(_ service: ServiceState, size: Int) -> [UInt16] {
        guard !service.backends.isEmpty else { return [] }
        return Table.build(
            size: size,
            entries: zip(service.backends, service.shares).map { Table.Entry(key: $0.name, weight: $1) })
    }

    /// Whether they can stay as they are where the service does.
    func isCurrent(at now: UInt64, size: Int) -> Bool {
        (current.isEmpty || current.count == size) && (previous.isEmpty || drainEnd > now)
    }

    func withoutExpiredMarks(at now: UInt64) -> ServiceSlots {
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
