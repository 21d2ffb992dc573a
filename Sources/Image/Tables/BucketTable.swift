internal import DataplaneABI

/// Where entries of a two-choice bucket table go.
///
/// An entry lies in the bucket that the low half of its hash names; where that one is full it goes to the bucket of the
/// high half, and the first bucket says so, so that a miss costs one bucket in most cases (Azar, Broder, Karlin, Upfal:
/// "Balanced Allocations", 1999).
struct BucketTable {
    /// Count of the buckets, a power of two, less one.
    let mask: UInt32
    /// Per entry: bucket × ways + way.
    let places: [Int]
    /// Per bucket: some entry had to go elsewhere.
    let overflow: [Bool]

    var bucketCount: Int { Int(mask) + 1 }

    /// - Parameter hashes: one per entry; no two entries may have equal keys.
    init(hashes: [UInt64], ways: Int) {
        var bucketCount = 1
        while bucketCount * ways < hashes.count * 2 { bucketCount *= 2 }
        while true {
            if let (places, overflow) = Self.place(hashes, ways: ways, bucketCount: bucketCount) {
                mask = UInt32(bucketCount - 1)
                self.places = places
                self.overflow = overflow
                return
            }
            bucketCount *= 2
        }
    }

    private static func place(_ hashes: [UInt64], ways: Int, bucketCount: Int) -> ([Int], [Bool])? {
        var places: [Int] = []
        places.reserveCapacity(hashes.count)
        var used = [UInt8](repeating: 0, count: bucketCount)
        var overflow = [Bool](repeating: false, count: bucketCount)
        for hash in hashes {
            var bucket = Int(hash.lowWord) & (bucketCount - 1)
            if used[bucket] == ways {
                overflow[bucket] = true
                bucket = Int(hash.highWord) & (bucketCount - 1)
                if used[bucket] == ways { return nil }
            }
            places.append(bucket * ways + Int(used[bucket]))
            used[bucket] += 1
        }
        return (places, overflow)
    }
}

extension BucketTable {
    /// The buckets that a reader of the table looks at for a hash, in their order.
    static func choices(_ hash: UInt64, mask: UInt32) -> [Int] {
        [Int(hash.lowWord & mask), Int(hash.highWord & mask)]
    }
}
