/// Weighted Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
/// section 3.4).
///
/// Entries take turns; at its turn, each takes the first free slot in the order of its own permutation. A table is a
/// function of the set of (key, weight) alone, and sets that differ little give tables that differ little.
public enum Table {
    public struct Entry: Hashable, Sendable {
        /// What the permutation is made from; unique in a table.
        public var key: String
        /// Shares are in proportion to it; 0 gets no slot.
        public var weight: UInt32

        public init(key: String, weight: UInt32) {
            self.key = key
            self.weight = weight
        }
    }

    /// A free slot while building, and so no entry's index.
    private static let free = UInt16.max

    /// The index into `entries` for each of `size` slots; empty where no entry has weight.
    ///
    /// - Precondition: `size` is a prime above 2 and not below the number of entries; there are at most 65535 entries.
    public static func build(size: Int, entries: [Entry]) -> [UInt16] {
        precondition(size > 2 && size >= entries.count && entries.count <= Int(free), "a table must hold its entries")
        let order = entries.indices.sorted { entries[$0].key < entries[$1].key }
        let quotas = quotas(size: size, weights: order.map { entries[$0].weight })
        guard let rounds = quotas.max(), rounds > 0 else { return [] }

        var turns: [Turns] = []
        turns.reserveCapacity(entries.count)
        for (index, quota) in zip(order, quotas) where quota > 0 {
            turns.append(
                Turns(
                    of: UInt16(index), quota: UInt32(quota), rounds: UInt32(rounds),
                    Permutation(of: entries[index].key, size: size)))
        }
        return [UInt16](unsafeUninitializedCapacity: size) { slots, count in
            slots.initialize(repeating: free)
            turns.withUnsafeMutableBufferPointer { fill(slots, rounds: rounds, $0) }
            count = size
        }
    }

    /// Plays all rounds. An entry has a turn in every round, or, with a lower weight than the heaviest, in rounds at
    /// even distances; `due` chains the entries that are due in a round, so that nobody else is visited.
    private static func fill(
        _ slots: UnsafeMutableBufferPointer<UInt16>, rounds: Int, _ turns: UnsafeMutableBufferPointer<Turns>
    ) {
        let size = UInt32(slots.count)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: rounds) { due in
            due.initialize(repeating: Turns.last)
            // Backwards, since a chain is built from its end: in round 0 the order is that of the keys.
            for entry in turns.indices.reversed() {
                turns[entry].next = due[0]
                due[0] = Int32(entry)
            }
            for round in 0..<rounds {
                var entry = due[round]
                while entry != Turns.last {
                    var turn = turns[Int(entry)]
                    let next = turn.next
                    while slots[Int(turn.position)] != free { turn.advance(size) }
                    slots[Int(turn.position)] = turn.index
                    turn.advance(size)
                    if turn.passRound() {
                        turn.next = due[Int(turn.round)]
                        due[Int(turn.round)] = entry
                    }
                    turns[Int(entry)] = turn
                    entry = next
                }
            }
        }
    }
}

/// One entry's progress.
private struct Turns {
    /// Ends a chain.
    static let last: Int32 = -1

    let index: UInt16
    let quota: UInt32
    let skip: UInt32
    /// Of the permutation, not yet tried.
    var position: UInt32
    var left: UInt32
    /// The k-th turn, from 0, is in round k * rounds / quota: kept as whole part and remainder, so that no turn costs
    /// a division.
    let step: UInt32
    let stepRemainder: UInt32
    var round: UInt32 = 0
    var remainder: UInt32 = 0
    var next: Int32 = Turns.last

    init(of index: UInt16, quota: UInt32, rounds: UInt32, _ permutation: Permutation) {
        self.index = index
        self.quota = quota
        skip = permutation.skip
        position = permutation.offset
        left = quota
        (step, stepRemainder) = rounds.quotientAndRemainder(dividingBy: quota)
    }

    @inline(__always)
    mutating func advance(_ size: UInt32) {
        position &+= skip
        if position >= size { position &-= size }
    }

    /// Moves on to the round of the next turn; false when there is none.
    @inline(__always)
    mutating func passRound() -> Bool {
        left &-= 1
        round &+= step
        remainder &+= stepRemainder
        if remainder >= quota {
            remainder &-= quota
            round &+= 1
        }
        return left > 0
    }
}
