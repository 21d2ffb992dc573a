internal import DataplaneABI
internal import Net

/// From an address to its value, and the same walk of the tables as the data path makes.
struct AddressTables: Equatable, Sendable {
    var trie4Root: [UInt32]
    var trie4Blocks: [UInt32]
    var hosts4: [UInt32]
    var hosts4Mask: UInt32
    var prefixes6: [UInt32]
    var prefixes6Mask: UInt32
    var lengths6: [UInt32]
    /// `lengths6` without what fills its last line.
    var lengths6Count: Int
    var class6Default: UInt32

    func value(of address: IPAddress) -> UInt32 {
        switch address {
        case .v4(let address): value(of: address.value)
        case .v6(let address): value(of: address)
        }
    }

    private func value(of address: UInt32) -> UInt32 {
        var entry = trie4Root[Int(address >> 16)]
        if entry & TRIE4_KIND == TRIE4_BLOCK {
            entry = trie4Blocks[Int(entry & TRIE4_INDEX) * 256 + Int(address >> 8 & 255)]
            if entry & TRIE4_KIND == TRIE4_BLOCK {
                entry = trie4Blocks[Int(entry & TRIE4_INDEX) * 256 + Int(address & 255)]
            } else if entry & TRIE4_KIND == TRIE4_HOSTS {
                return host(address) ?? entry & ADDRESS_VALUE
            }
        }
        return entry & ADDRESS_VALUE
    }

    private func host(_ address: UInt32) -> UInt32? {
        let ways = Int(HOST4_WAYS)
        let choices = BucketTable.choices(hash_key(UInt64(address.byteSwapped), 0, 0), mask: hosts4Mask)
        for bucket in [choices.first, choices.second] {
            let words = hosts4[bucket * Line.words..<(bucket + 1) * Line.words]
            for way in 0..<ways where words[words.startIndex + way] == address.byteSwapped {
                let value = words[words.startIndex + ways + 1 + way]
                if value & HOST4_PRESENT != 0 { return value & ADDRESS_VALUE }
            }
            if words[words.startIndex + ways] == 0 { break }
        }
        return nil
    }

    private func value(of address: IPv6Address) -> UInt32 {
        var value = class6Default
        guard lengths6Count > 0 else { return value }
        var node = 0
        for _ in 0..<LENGTH6_DEPTH {
            let word = lengths6[node]
            let found = prefix(address, length: UInt8(word & 255))
            if let found { value = found }
            node = Int(found == nil ? word >> 8 & 255 : word >> 16 & 255)
            if node == 0 { break }
        }
        return value
    }

    /// The value stored for the address's prefix of that length.
    private func prefix(_ address: IPv6Address, length: UInt8) -> UInt32? {
        let ways = Int(PREFIX6_WAYS)
        let mask = networkMask(length)
        let high = address.high & UInt64(mask >> 64)
        let low = address.low & UInt64(truncatingIfNeeded: mask)
        let choices = BucketTable.choices(hash_key(high, low, UInt64(length)), mask: prefixes6Mask)
        for bucket in [choices.first, choices.second] {
            let first = bucket * Line.words
            for way in 0..<ways {
                let value = prefixes6[first + ways * 4 + way]
                if value >> UInt32(PREFIX6_LENGTH_SHIFT) == UInt32(length),
                    prefixes6.load(at: first + way * 4) == high, prefixes6.load(at: first + way * 4 + 2) == low
                {
                    return value & ADDRESS_VALUE
                }
            }
            if prefixes6[first + Line.words - 1] == 0 { break }
        }
        return nil
    }
}

extension AddressTables {
    init(_ classes: AddressClasses) throws(ImageError) {
        let trie = try Trie4(classes.v4)
        let hosts = Hosts4(trie.hosts)
        let prefixes = Prefixes6(classes.v6)
        self.init(
            trie4Root: trie.root, trie4Blocks: trie.blocks, hosts4: hosts.words, hosts4Mask: hosts.mask,
            prefixes6: prefixes.words, prefixes6Mask: prefixes.mask, lengths6: prefixes.lengths,
            lengths6Count: prefixes.lengths.count, class6Default: prefixes.otherwise)
    }
}
