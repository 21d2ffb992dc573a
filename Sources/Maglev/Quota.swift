/// Slots per entry, in proportion to the weights, summing up to `size`; an entry of weight 0 gets none, every other one
/// at least one.
///
/// Who would get less than one slot gets one; the rest is shared among the others by largest remainders, the earlier of
/// equal entries first. So a share is off by less than a slot, or, beside entries of under one slot, by less than
/// their number.
///
/// - Precondition: no more than `size` weights are above 0.
func quotas(size: Int, weights: [UInt32]) -> [Int] {
    var result = [Int](repeating: 0, count: weights.count)
    var total = weights.reduce(0) { $0 + Int($1) }
    var slots = size
    var sharing: ArraySlice<Int> = weights.indices.filter { weights[$0] > 0 }[...]
    precondition(sharing.count <= size, "\(sharing.count) entries do not fit \(size) slots")

    // Lightest first, since what one takes from the others can only bring heavier ones below one slot.
    if sharing.contains(where: { Int(weights[$0]) * size < total }) {
        sharing.sort { (weights[$0], $0) < (weights[$1], $1) }
        while let lightest = sharing.first, Int(weights[lightest]) * slots < total {
            result[lightest] = 1
            slots -= 1
            total -= Int(weights[lightest])
            sharing.removeFirst()
        }
    }
    guard total > 0 else { return result }

    var left = slots
    for index in sharing {
        result[index] = Int(weights[index]) * slots / total
        left -= result[index]
    }
    guard left > 0 else { return result }
    let byRemainder = sharing.sorted {
        let (first, second) = (Int(weights[$0]) * slots % total, Int(weights[$1]) * slots % total)
        return first == second ? $0 < $1 : first > second
    }
    for index in byRemainder.prefix(left) { result[index] += 1 }
    return result
}
