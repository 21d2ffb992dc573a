/// Finds what was probably meant by a misspelt name.
package struct Nearest {
    /// Comparisons of a run; a file full of wrong names is answered in time, then without suggestions.
    private var budget = 200_000

    package init() {}

    /// The candidate with the fewest edits, the first of equals; `nil` where none is near.
    package mutating func name(to name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.utf8.prefix(Self.lengthLimit + 1))
        guard wanted.count <= Self.lengthLimit else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            guard budget > 0 else { return best?.name }
            budget -= 1
            let other = Array(candidate.utf8)
            // A third of the letters may be wrong; more, and any short word is near any other.
            let limit = min(max(wanted.count, other.count) / 3, (best?.distance ?? .max) - 1)
            guard other.count <= Self.lengthLimit, abs(wanted.count - other.count) <= limit else { continue }
            let distance = Self.distance(wanted, other)
            if distance <= limit { best = (candidate, distance) }
        }
        return best?.name
    }

    private static let lengthLimit = 63

    /// Insertions, deletions, substitutions and transpositions of neighbours that lead from one to the other (the
    /// optimal string alignment of Damerau and Levenshtein), case ignored.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let lower = { (byte: UInt8) in (65...90).contains(byte) ? byte + 32 : byte }
        let (left, right) = (left.map(lower), right.map(lower))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in right.indices {
                let substitution = last[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(substitution, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
