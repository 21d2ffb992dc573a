internal import DataplaneABI

/// Where entries of a two-choice bucket table go.
///
/// An entry lies in the bucket that the low half of its hash names, or in that of the high half; where one does the
/// latter, the former says so, and so a search ends at one bucket in most cases (Azar, Broder, Karlin, Upfal: "Balanced
/// Allocations", 1999). Where both are full, an entry of theirs moves to its other bucket (Pagh, Rodler: "Cuckoo
/// Hashing", 2004), one step deep; that failing, the table grows.
struct BucketTable {
    /// Count of the buckets, a power of two, less one.
    let mask: UInt32
    /// Per entry: bucket × ways + way.
    let places: [Int]
    /// Per bucket: some entry whose first choice it is lies elsewhere.
    let overflow: [Bool]

    var bucketCount: Int { Int(mask) + 1 }

    /// - Parameter hashes: one per entry; no two entries may have equal keys.
    init(hashes: [UInt64], ways: Int) {
        var bucketCount = 1
        while bucketCount * ways < hashes.count * 2 { bucketCount *= 2 }
        var attempt = Attempt(hashes: hashes, ways: ways, bucketCount: bucketCount)
        while !hashes.indices.allSatisfy({ attempt.add($0) }) {
            bucketCount *= 2
            attempt = Attempt(hashes: hashes, ways: ways, bucketCount: bucketCount)
        }
        mask = attempt.mask
        places = attempt.places
        overflow = attempt.overflow
    }

    /// The buckets that hold an entry of this hash, if any does, in the order of the search.
    static func choices(_ hash: UInt64, mask: UInt32) -> (first: Int, second: Int) {
        (Int(hash.lowWord & mask), Int(hash.highWord & mask))
    }

    /// The table at one size.
    private struct Attempt {
        let mask: UInt32
        var places: [Int]
        var overflow: [Bool]
        private let hashes: [UInt64]
        private let ways: Int
        /// Per place: the entry; -1: free.
        private var occupants: [Int32]
        /// Per bucket.
        private var used: [UInt8]

        init(hashes: [UInt64], ways: Int, bucketCount: Int) {
            mask = UInt32(bucketCount - 1)
            places = [Int](repeating: 0, count: hashes.count)
            overflow = [Bool](repeating: false, count: bucketCount)
            self.hashes = hashes
            self.ways = ways
            occupants = [Int32](repeating: -1, count: bucketCount * ways)
            used = [UInt8](repeating: 0, count: bucketCount)
        }

        /// False where there is no room.
        mutating func add(_ entry: Int) -> Bool {
            let choices = BucketTable.choices(hashes[entry], mask: mask)
            guard
                let place = free(choices.first) ?? free(choices.second) ?? vacate(choices.first)
                    ?? vacate(choices.second)
            else { return false }
            put(entry, at: place)
            return true
        }

        private mutating func put(_ entry: Int, at place: Int) {
            places[entry] = place
            occupants[place] = Int32(entry)
            let first = BucketTable.choices(hashes[entry], mask: mask).first
            if place / ways != first { overflow[first] = true }
        }

        private mutating func free(_ bucket: Int) -> Int? {
            guard used[bucket] < ways else { return nil }
            used[bucket] += 1
            return bucket * ways + Int(used[bucket]) - 1
        }

        /// A place in a full bucket, from which an entry moved to its other one.
        private mutating func vacate(_ bucket: Int) -> Int? {
            for place in bucket * ways..<(bucket + 1) * ways {
                let entry = Int(occupants[place])
                let choices = BucketTable.choices(hashes[entry], mask: mask)
                if let other = free(choices.first == bucket ? choices.second : choices.first) {
                    put(entry, at: other)
                    return place
                }
            }
            return nil
        }
    }
}
