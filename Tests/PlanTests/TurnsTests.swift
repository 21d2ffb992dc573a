import Testing

@testable import Plan

/// The order in which backends take turns.
@Suite struct TurnsTests {
    @Test(
        arguments: [
            ([], []), ([0], []), ([0, 0], []), ([7], [0]), ([1, 1, 1], [0, 1, 2]), ([5, 0, 5], [0, 2]),
            ([2, 1], [0, 1, 0]), ([5, 1, 1], [0, 0, 1, 0, 2, 0, 0]), ([300, 100], [0, 0, 1, 0]),
            ([0, 10, 20], [2, 1, 2]),
        ] as [([UInt32], [UInt16])])
    func interleaves(weights: [UInt32], expected: [UInt16]) { #expect(Turns.interleaved(weights) == expected) }

    @Test(
        arguments: [
            [65535, 1], [65535, 65534, 1], [4097, 4096], [1, 2, 3, 5000],
            (1...300).map { UInt32($0 * 7 % 997 + 1) },
        ] as [[UInt32]])
    func longOnesAreRounded(weights: [UInt32]) {
        let sequence = Turns.interleaved(weights)
        #expect(sequence.count <= Turns.longest + weights.count)
        let total = weights.reduce(0) { $0 + Double($1) }
        for (index, weight) in weights.enumerated() {
            let turns = sequence.count { $0 == index }
            let fair = Double(weight) / total * Double(sequence.count)
            #expect(turns >= 1 && abs(Double(turns) - fair) <= 2, "\(turns) of \(fair)")
        }
    }

    /// In no stretch does a backend take much more or less than its share.
    @Test func spreadsEvenly() {
        let weights: [UInt32] = [7, 3, 2, 1]
        let sequence = Turns.interleaved(weights)
        #expect(sequence.count == 13)
        for length in 1...13 {
            for start in 0..<13 {
                let stretch = (start..<start + length).map { Int(sequence[$0 % 13]) }
                for (index, weight) in weights.enumerated() {
                    let fair = Double(weight) * Double(length) / 13
                    #expect(abs(Double(stretch.count { $0 == index }) - fair) < 2)
                }
            }
        }
    }

    @Test func moreBackendsThanTheLongest() {
        let weights = (0..<5000).map { UInt32($0 % 3 + 1) }
        let sequence = Turns.interleaved(weights)
        #expect(Set(sequence).count == 5000)
    }
}
