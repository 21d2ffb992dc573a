import Testing

@testable import Maglev

@Suite struct TableSizeTests {
    @Test func ladderIsPrimesThatAboutDouble() {
        for size in TableSize.ladder {
            #expect(!stride(from: 2, through: Int(Double(size).squareRoot()), by: 1).contains { size % $0 == 0 })
        }
        for (smaller, larger) in zip(TableSize.ladder, TableSize.ladder.dropFirst()) {
            #expect((1.95...2.05).contains(Double(larger) / Double(smaller)))
        }
    }

    @Test(arguments: [
        (0, 0), (1, 1009), (2, 2003), (3, 4001), (4, 4001), (5, 8009), (8, 8009), (9, 16_001), (10, 16_001),
        (16, 16_001),
        (17, 32_003), (1000, 1_024_021), (32_767, 32_768_011),
    ])
    func aThousandSlotsEach(entries: Int, size: Int) {
        #expect(TableSize.size(entries: entries, density: 1000) == size)
    }

    @Test func everyPossibleTableFits() {
        #expect(TableSize.size(entries: 65_535, density: 1000) == 65_536_043)
        #expect(TableSize.choose(entries: [65_535], budget: 0) == [8_192_003])
    }

    @Test func manyTablesShareTheBudget() {
        let modest = TableSize.choose(entries: [Int](repeating: 10, count: 1000))
        #expect(modest.allSatisfy { $0 == 16_001 })
        let many = TableSize.choose(entries: [Int](repeating: 10, count: 3000))
        #expect(many.reduce(0, +) * 2 <= TableSize.budget)
        #expect(many.allSatisfy { $0 >= 10 * 100 })
        let tooMany = TableSize.choose(entries: [Int](repeating: 10, count: 100_000))
        #expect(tooMany.allSatisfy { $0 == 1009 })
    }
}
