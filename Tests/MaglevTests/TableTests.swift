import Maglev
import Testing

private func entries(_ weights: [UInt32]) -> [Table.Entry] {
    weights.enumerated().map { Table.Entry(key: "backend-\($0.offset)", weight: $0.element) }
}

private func counts(_ table: [UInt16], _ entries: Int) -> [Int] {
    table.reduce(into: [Int](repeating: 0, count: entries)) { $0[Int($1)] += 1 }
}

/// All lists of `length` elements of `values`.
private func every(_ length: Int, of values: [UInt32]) -> [[UInt32]] {
    length == 0 ? [[]] : every(length - 1, of: values).flatMap { list in values.map { list + [$0] } }
}

@Suite struct TableTests {
    @Test(arguments: 1...5) func everySmallSetGetsItsShares(count: Int) {
        for size in [127, 251] {
            for weights in every(count, of: [0, 1, 2, 7]) {
                let table = Table.build(size: size, entries: entries(weights))
                let total = weights.reduce(0) { $0 + Int($1) }
                guard total > 0 else {
                    #expect(table.isEmpty)
                    continue
                }
                #expect(table.count == size)
                for (weight, slots) in zip(weights, counts(table, count)) {
                    let exact = Double(weight) * Double(size) / Double(total)
                    #expect(abs(Double(slots) - exact) < 1, "weights \(weights)")
                    #expect((slots == 0) == (weight == 0))
                }
            }
        }
    }

    @Test(
        arguments: [
            [1, 65535], [65535, 1], [65535, 65535], [1, 2, 65535], [65535, 65534, 1, 0], [100, 101],
            [1] + Array(repeating: 65535, count: 9), Array(repeating: 1, count: 9) + [65535], Array(1...40),
            Array(repeating: 13, count: 100),
        ] as [[UInt32]])
    func sharesHoldOverTheWholeRangeOfWeights(weights: [UInt32]) {
        for density in [100, 1000] {
            let size = TableSize.choose(entries: [weights.count], budget: weights.count * density * 2 * 2)[0]
            let slots = counts(Table.build(size: size, entries: entries(weights)), weights.count)
            let total = weights.reduce(0) { $0 + Int($1) }
            for (weight, slots) in zip(weights, slots) {
                let exact = Double(weight) * Double(size) / Double(total)
                #expect(abs(Double(slots) - exact) <= max(1, exact / 100), "weight \(weight) of \(weights)")
                #expect((slots == 0) == (weight == 0))
            }
        }
    }

    @Test func orderOfEntriesDoesNotMatter() {
        let sorted = entries([3, 1, 4, 1, 5, 9, 2, 6])
        let expected = Table.build(size: 503, entries: sorted).map { sorted[Int($0)].key }
        for start in sorted.indices {
            for turned in [sorted[start...] + sorted[..<start], (sorted[start...] + sorted[..<start]).reversed()[...]] {
                let entries = Array(turned)
                #expect(Table.build(size: 503, entries: entries).map { entries[Int($0)].key } == expected)
            }
        }
    }

    /// Tables are compared across versions and nodes, so they must never change: computed once, written down here.
    @Test func tablesAreTheSameEverywhere() {
        let table = Table.build(size: 127, entries: entries([1, 2, 3]))
        let digest = table.reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) { $0 = ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        #expect(digest == 4_769_804_274_495_724_919)
        #expect(table.prefix(24) == [1, 1, 2, 2, 1, 1, 1, 2, 0, 0, 2, 2, 1, 0, 2, 0, 1, 0, 1, 0, 2, 1, 1, 2])
    }

    @Test(arguments: [2, 3, 5, 10, 20]) func removalLeavesTheOthersNearlyAlone(count: Int) {
        let size = TableSize.choose(entries: [count])[0]
        let all = entries([UInt32](repeating: 10, count: count))
        let before = Table.build(size: size, entries: all)
        var moved = 0
        for removed in all.indices {
            var rest = all
            rest[removed].weight = 0
            let after = Table.build(size: size, entries: rest)
            #expect(!after.contains(UInt16(removed)))
            let strays = zip(before, after).count { $0 != removed && $0 != $1 }
            #expect(Double(strays) < 0.03 * Double(size), "\(strays) of \(size) slots moved without need")
            moved += strays
        }
        #expect(Double(moved) / Double(count) < 0.015 * Double(size), "on average")
    }

    @Test func weightChangeMovesLittleMoreThanItMust() {
        var all = entries([UInt32](repeating: 10, count: 10))
        let before = Table.build(size: 16_001, entries: all)
        all[3].weight = 15
        let after = Table.build(size: 16_001, entries: all)
        let must = counts(after, 10)[3] - counts(before, 10)[3]
        let moved = zip(before, after).count { $0 != $1 }
        #expect(moved < must + 16_001 / 20, "\(moved) moved, \(must) had to")
    }

    @Test func absentAndWeightlessAreTheSame() {
        let table = Table.build(size: 251, entries: entries([4, 0, 2]))
        let without = [Table.Entry(key: "backend-0", weight: 4), Table.Entry(key: "backend-2", weight: 2)]
        #expect(Table.build(size: 251, entries: without).map { $0 == 1 ? 2 : $0 } == table)
    }
}
