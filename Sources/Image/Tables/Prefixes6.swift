internal import DataplaneABI

/// The IPv6 prefix table and the tree of its lengths.
struct Prefixes6 {
    let mask: UInt32
    let words: [UInt32]
    /// `length6` nodes as words, the root first.
    let lengths: [UInt32]
    let otherwise: UInt32

    init(_ family: AddressClasses.Family) {
        otherwise = family.rest
        let tree = LengthTree(Set(family.leaves.map(\.length)).sorted())
        lengths = tree.nodes.map { UInt32($0.length) | UInt32($0.shorter) << 8 | UInt32($0.longer) << 16 }
        let entries = Self.withMarkers(family, tree)
        let ways = Int(PREFIX6_WAYS)
        let table = BucketTable(
            hashes: entries.map {
                hash_key(UInt64($0.bits >> 64), UInt64(truncatingIfNeeded: $0.bits), UInt64($0.length))
            }, ways: ways)
        var words = [UInt32](repeating: 0, count: table.bucketCount * Line.words)
        for (entry, place) in zip(entries, table.places) {
            let bucket = place / ways * Line.words
            words.store(UInt64(entry.bits >> 64), at: bucket + place % ways * 4)
            words.store(UInt64(truncatingIfNeeded: entry.bits), at: bucket + place % ways * 4 + 2)
            words[bucket + ways * 4 + place % ways] = entry.value | UInt32(entry.length) << UInt32(PREFIX6_LENGTH_SHIFT)
        }
        for (bucket, overflow) in table.overflow.enumerated() where overflow {
            words[bucket * Line.words + Line.words - 1] = 1
        }
        mask = table.mask
        self.words = words
    }

    /// The leaves, and a marker for each point of a search that must turn to longer prefixes to find one of them.
    private static func withMarkers(_ family: AddressClasses.Family, _ tree: LengthTree) -> [Leaf] {
        var entries: [Leaf] = []
        var around: [Leaf] = []
        var lastMarker = [UInt128?](repeating: nil, count: 129)
        for leaf in family.leaves {
            while let last = around.last, !last.covers(leaf.bits) { around.removeLast() }
            for length in tree.shorterStops(to: leaf.length) {
                let bits = leaf.bits & networkMask(length)
                let covering = around.last { $0.length <= length }
                // Leaves come sorted, so markers of one length do too: an equal one can only be the last.
                if covering?.length == length || lastMarker[Int(length)] == bits { continue }
                lastMarker[Int(length)] = bits
                entries.append(Leaf(bits: bits, length: length, value: covering?.value ?? family.rest))
            }
            entries.append(leaf)
            around.append(leaf)
        }
        return entries
    }
}

/// A balanced search tree over prefix lengths.
struct LengthTree {
    struct Node {
        var length: UInt8
        /// Index of the node to go to after a miss, and after a hit; 0: none.
        var shorter: UInt8 = 0
        var longer: UInt8 = 0
    }

    private(set) var nodes: [Node] = []

    /// - Parameter lengths: rising.
    init(_ lengths: [UInt8]) { _ = add(lengths[...]) }

    private mutating func add(_ lengths: ArraySlice<UInt8>) -> UInt8 {
        guard !lengths.isEmpty else { return 0 }
        let middle = (lengths.startIndex + lengths.endIndex) / 2
        let index = nodes.count
        nodes.append(Node(length: lengths[middle]))
        nodes[index].shorter = add(lengths[..<middle])
        nodes[index].longer = add(lengths[(middle + 1)...])
        return UInt8(index)
    }

    /// The lengths below `length` that a search for it passes, in order.
    func shorterStops(to length: UInt8) -> [UInt8] {
        var stops: [UInt8] = []
        var index = 0
        while nodes[index].length != length {
            if nodes[index].length < length {
                stops.append(nodes[index].length)
                index = Int(nodes[index].longer)
            } else {
                index = Int(nodes[index].shorter)
            }
        }
        return stops
    }
}
