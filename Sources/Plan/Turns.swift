import Policy

extension ServiceState {
    /// What schedulers other than Maglev walk or draw from: backend indices, each as often as its weight asks for and
    /// as evenly spread as can be. Empty where no backend takes new flows, or the scheduler needs none.
    ///
    /// It follows from the weights alone, those of groups included.
    public var sequence: [UInt16] { scheduler == .maglev ? [] : Turns.interleaved(shares) }
}

enum Turns {
    /// Longer ones are rounded, but no backend with a weight goes without a turn.
    static let longest = 4096

    /// Smooth weighted round robin, as of nginx: in each turn every backend gains its share, and the richest pays for
    /// the turn. Equal backends take turns in their order.
    static func interleaved(_ weights: [UInt32]) -> [UInt16] {
        let shares = shares(weights)
        let total = shares.reduce(0, +)
        let active = shares.indices.filter { shares[$0] > 0 }
        if total == active.count { return active.map { UInt16($0) } }
        var credit = [Int](repeating: 0, count: active.count)
        return (0..<total).map { _ in
            var richest = 0
            for place in active.indices {
                credit[place] += shares[active[place]]
                if credit[place] > credit[richest] { richest = place }
            }
            credit[richest] -= total
            return UInt16(active[richest])
        }
    }

    /// How often each backend stands in the sequence: its weight, divided by what all have in common; where that is
    /// too long, its part of the longest one, by largest remainder.
    static func shares(_ weights: [UInt32]) -> [Int] {
        let divisor = weights.reduce(0) { greatestCommonDivisor($0, Int($1)) }
        guard divisor > 0 else { return weights.map { _ in 0 } }
        let reduced = weights.map { Int($0) / divisor }
        let total = reduced.reduce(0, +)
        let active = reduced.count { $0 > 0 }
        guard total > longest else { return reduced }
        let length = max(longest, active)
        var shares = reduced.map { $0 > 0 ? max(1, $0 * length / total) : 0 }
        let missing = length - shares.reduce(0, +)
        guard missing > 0 else { return shares }
        let byRemainder = reduced.indices.filter { reduced[$0] > 0 }.sorted {
            let (first, second) = (reduced[$0] * length % total, reduced[$1] * length % total)
            return first == second ? $0 < $1 : first > second
        }
        for place in byRemainder.prefix(missing) { shares[place] += 1 }
        return shares
    }

    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        var (first, second) = (first, second)
        while second != 0 { (first, second) = (second, first % second) }
        return first
    }
}
