internal import DataplaneABI

/// The IPv4 trie of 16, 8 and 8 bits, and the hosts that are not worth a block of it.
struct Trie4 {
    private(set) var root: [UInt32]
    private var blockPool = WordPool()
    private(set) var hosts: [(address: UInt32, value: UInt32)] = []

    var blocks: [UInt32] { blockPool.words }

    private static let blockWords = 256
    /// A /24 with more special hosts gets a block.
    private static let mostHosts = 16

    /// - Parameter roomForBlocks: as long as no more /24s than this need telling their hosts apart, each gets a block: a
    ///   block is one cache line per look-up as the host table is, and needs no hash. Beyond it a /24 with few special
    ///   hosts puts them into the host table, since a block takes 1 KiB.
    init(_ family: AddressClasses.Family, roomForBlocks: Int = 1024) throws(ImageError) {
        root = [UInt32](repeating: family.rest, count: 1 << 16)
        let leaves = family.leaves
        let hostLimit = Self.detailed24s(leaves) > roomForBlocks ? Self.mostHosts : 0
        var index = 0
        while index < leaves.count {
            let leaf = leaves[index]
            let top = Int(leaf.bits >> 112)
            if leaf.length <= 16 {
                for entry in top..<top + (1 << (16 - Int(leaf.length))) { root[entry] = leaf.value }
                index += 1
            } else {
                let end = leaves[index...].firstIndex { Int($0.bits >> 112) != top } ?? leaves.count
                root[top] = block(leaves[index..<end], around: root[top], hostLimit: hostLimit)
                index = end
            }
        }
        guard blocks.count / Self.blockWords <= Int(TRIE4_INDEX) else { throw .tooLarge(what: "the IPv4 prefixes") }
    }

    private static func detailed24s(_ leaves: [Leaf]) -> Int {
        var count = 0
        var last: UInt128?
        for leaf in leaves where leaf.length > 24 && leaf.bits >> 104 != last {
            last = leaf.bits >> 104
            count += 1
        }
        return count
    }

    /// The root's entry for a /16 that has the value `around` where none of `leaves`, all longer than 16, holds.
    private mutating func block(_ leaves: ArraySlice<Leaf>, around: UInt32, hostLimit: Int) -> UInt32 {
        var words = [UInt32](repeating: around, count: Self.blockWords)
        var index = leaves.startIndex
        while index < leaves.endIndex {
            let leaf = leaves[index]
            let entry = Int(truncatingIfNeeded: leaf.bits >> 104) & 255
            if leaf.length <= 24 {
                for covered in entry..<entry + (1 << (24 - Int(leaf.length))) { words[covered] = leaf.value }
                index += 1
            } else {
                let end = leaves[index...].firstIndex { $0.bits >> 104 != leaf.bits >> 104 } ?? leaves.endIndex
                words[entry] = hostBlock(leaves[index..<end], around: words[entry], hostLimit: hostLimit)
                index = end
            }
        }
        return interned(words)
    }

    /// The entry for a /24 that has the value `around` where none of `leaves`, all longer than 24, holds.
    private mutating func hostBlock(_ leaves: ArraySlice<Leaf>, around: UInt32, hostLimit: Int) -> UInt32 {
        var words = [UInt32](repeating: around, count: Self.blockWords)
        for leaf in leaves {
            let entry = Int(truncatingIfNeeded: leaf.bits >> 96) & 255
            for covered in entry..<entry + (1 << (32 - Int(leaf.length))) { words[covered] = leaf.value }
        }
        let common = majority(words)
        let special = words.indices.filter { words[$0] != common }
        guard !special.isEmpty, special.count <= hostLimit, blockPool.find(words) == nil else { return interned(words) }
        let network = UInt32(truncatingIfNeeded: leaves[leaves.startIndex].bits >> 96) & ~255
        for entry in special { hosts.append((network | UInt32(entry), words[entry])) }
        return TRIE4_HOSTS | common
    }

    private mutating func interned(_ words: [UInt32]) -> UInt32 {
        if words.allSatisfy({ $0 == words[0] }) && words[0] & TRIE4_KIND == TRIE4_LEAF { return words[0] }
        // Beyond the index's bits the trie is refused as a whole, see `init`.
        return TRIE4_BLOCK | UInt32(truncatingIfNeeded: blockPool.intern(words) / Self.blockWords) & TRIE4_INDEX
    }
}

/// The value that more than half of the words have, if one does (Boyer and Moore's vote); any other word else.
private func majority(_ words: [UInt32]) -> UInt32 {
    var candidate = words[0]
    var lead = 0
    for word in words {
        if lead == 0 { candidate = word }
        lead += word == candidate ? 1 : -1
    }
    return candidate
}

/// The host table of the trie.
struct Hosts4 {
    let mask: UInt32
    let words: [UInt32]

    init(_ hosts: [(address: UInt32, value: UInt32)]) {
        let ways = Int(HOST4_WAYS)
        let table = BucketTable(hashes: hosts.map { hash_key(UInt64($0.address.byteSwapped), 0, 0) }, ways: ways)
        var words = [UInt32](repeating: 0, count: table.bucketCount * Line.words)
        for (host, place) in zip(hosts, table.places) {
            let word = place / ways * Line.words + place % ways
            words[word] = host.address.byteSwapped
            words[word + ways + 1] = host.value | HOST4_PRESENT
        }
        for (bucket, overflow) in table.overflow.enumerated() where overflow { words[bucket * Line.words + ways] = 1 }
        mask = table.mask
        self.words = words
    }
}
