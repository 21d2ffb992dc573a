/// Hands out the lowest numbers that are free.
///
/// What the state before used stays taken for one state longer, even if its owner is gone: packets that are still under
/// way with the tables of before must not be counted for somebody else.
struct SlotAllocator {
    private var taken: [Bool]
    private var next: Int

    init(from first: UInt32, taken slots: some Sequence<UInt32>) {
        taken = []
        next = Int(first)
        for slot in slots {
            let slot = Int(slot)
            if slot >= taken.count { taken += repeatElement(false, count: slot + 1 - taken.count) }
            taken[slot] = true
        }
    }

    mutating func allocate() -> UInt32 {
        while next < taken.count, taken[next] { next += 1 }
        next += 1
        return UInt32(next - 1)
    }
}

extension Array {
    /// Gives every element its slot: the one that the element of the same name had in `previous`, or a free one.
    ///
    /// - Parameter limit: The highest slot there is. Where keeping the slots of lost elements would pass it, they are
    ///   given away at once.
    mutating func assignSlots(
        _ slot: WritableKeyPath<Element, UInt32>, name: KeyPath<Element, String>, from first: UInt32,
        previous: [Element], limit: Int = .max
    ) {
        let before = Dictionary(previous.map { ($0[keyPath: name], $0[keyPath: slot]) }) { first, _ in first }
        let kept = map { before[$0[keyPath: name]] }
        let fresh = kept.count { $0 == nil }
        let crowded = previous.count + fresh > limit
        var allocator = SlotAllocator(
            from: first, taken: crowded ? kept.compactMap(\.self) : Array<UInt32>(before.values))
        for index in indices { self[index][keyPath: slot] = kept[index] ?? allocator.allocate() }
    }
}
