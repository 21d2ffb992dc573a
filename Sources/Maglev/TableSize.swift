/// How many slots a table gets.
///
/// More slots move fewer unconcerned flows when an entry comes or goes (2.7 % at 100 slots per entry, under 1 % at
/// 1,600), and miss the cache more often.
public enum TableSize {
    /// Primes, each about twice the one before: a few entries more or fewer leave a table's size as it is.
    static let ladder = [
        127, 251, 503, 1009, 2003, 4001, 8009, 16_001, 32_003, 64_007, 128_021, 256_019, 512_009, 1_024_021,
        2_048_003, 4_096_013, 8_192_003, 16_384_001, 32_768_011, 65_536_043,
    ]

    /// Bytes that all tables together should stay below; a slot has two.
    public static let budget = 64 << 20

    /// Slots per entry, the best first.
    private static let densities = stride(from: 1000, through: 100, by: -100)

    /// One size per table, given each table's number of entries, whatever their weights; 0 for a table without entries.
    /// The densest that stays within `budget`, or 100 slots per entry where nothing does.
    ///
    /// - Precondition: no table has more than 65535 entries.
    public static func choose(entries counts: [Int], budget: Int = budget) -> [Int] {
        var sizes: [Int] = []
        for density in densities {
            sizes = counts.map { size(entries: $0, density: density) }
            if sizes.reduce(0, +) * MemoryLayout<UInt16>.size <= budget { break }
        }
        return sizes
    }

    static func size(entries: Int, density: Int) -> Int {
        guard entries > 0 else { return 0 }
        guard let size = ladder.first(where: { $0 >= entries * density }) else {
            preconditionFailure("\(entries) entries are too many for a table")
        }
        return size
    }
}
