internal import DataplaneABI

/// Numbers the different combinations of elements that are in force together, in the order in which they come up.
///
/// A combination is known by the exclusive or of random numbers that stand for its elements (Zobrist, "A New Hashing
/// Method with Application for Game Playing", 1970), so coming back to a known one costs nothing per element. The
/// numbers are 128 bits wide: among four million combinations two collide with probability 2^-84.
struct ClassTable {
    private struct Signature: Hashable {
        var high: UInt64 = 0
        var low: UInt64 = 0
    }

    /// Elements of each class, rising.
    private(set) var members: [[Int32]] = []
    private var numbers: [Signature: UInt32] = [:]
    private var signature = Signature()
    private let elementSignatures: [Signature]
    /// Elements in force, in no order, and each element's place among them.
    private var active: [Int32] = []
    private var places: [Int32]

    init(elementCount: Int) {
        elementSignatures = (0..<UInt64(elementCount)).map {
            Signature(high: hash_key($0 &+ 1, 0, 1), low: hash_key($0 &+ 1, 0, 2))
        }
        places = [Int32](repeating: -1, count: elementCount)
    }

    var count: Int { members.count }

    /// Puts the element in force, or takes it out again.
    mutating func toggle(_ element: Int) {
        signature.high ^= elementSignatures[element].high
        signature.low ^= elementSignatures[element].low
        let place = Int(places[element])
        if place < 0 {
            places[element] = Int32(active.count)
            active.append(Int32(element))
        } else {
            let last = active.removeLast()
            if place < active.count {
                active[place] = last
                places[Int(last)] = Int32(place)
            }
            places[element] = -1
        }
    }

    /// The class of the elements in force now.
    mutating func current() -> UInt32 {
        if let number = numbers[signature] { return number }
        let number = UInt32(members.count)
        numbers[signature] = number
        members.append(active.sorted())
        return number
    }

    /// The inverse of `members`: classes of each element, rising.
    func classesByElement() -> [[Int32]] {
        var classes = [[Int32]](repeating: [], count: elementSignatures.count)
        for (number, elements) in members.enumerated() {
            for element in elements { classes[Int(element)].append(Int32(number)) }
        }
        return classes
    }
}
