internal import DataplaneABI
internal import Plan

/// Which backend has a server id, for all services that route QUIC by it: one bucket table after the other.
struct QUICTables {
    private(set) var words: [UInt32] = []
    /// Per service: its first line from the first one's, and its mask; `nil` where it has no table.
    private(set) var places: [(line: Int, mask: UInt32)?] = []

    private static let ways = Int(QUIC_WAYS)

    var lines: Int { words.count / Line.words }

    init(_ services: [ServiceState]) {
        for service in services {
            guard service.quic != nil else {
                places.append(nil)
                continue
            }
            let entries = service.backends.enumerated().compactMap { number, backend in
                backend.quicID.map { (id: Self.number($0), backend: UInt32(number + 1)) }
            }
            let table = BucketTable(hashes: entries.map { hash_key($0.id, 0, 0) }, ways: Self.ways)
            let first = words.count
            places.append((lines, table.mask))
            words += [UInt32](repeating: 0, count: table.bucketCount * Line.words)
            for (entry, place) in zip(entries, table.places) {
                let bucket = first + place / Self.ways * Line.words
                let way = place % Self.ways
                words.store(entry.id, at: bucket + 2 * way)
                words[bucket + 2 * Self.ways + way] = entry.backend
            }
            for (bucket, overflow) in table.overflow.enumerated() where overflow {
                words[first + bucket * Line.words + 3 * Self.ways] = 1
            }
        }
    }

    /// An id as the data path reads it: the first byte is the highest.
    static func number(_ id: [UInt8]) -> UInt64 { id.reduce(0) { $0 << 8 | UInt64($1) } }
}
