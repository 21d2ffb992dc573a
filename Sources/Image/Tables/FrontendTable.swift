internal import DataplaneABI
internal import Net

/// Where (address, protocol, port) meets a service.
struct FrontendTable: Equatable, Sendable {
    var mask: UInt32
    var words: [UInt32]

    static let ways = Int(FRONTEND_WAYS)
    private static let entryWords = MemoryLayout<frontend>.size / 4

    struct Entry: Equatable, Sendable {
        var address: [UInt64]
        var portProtocol: UInt32
        var service: UInt32
        var subject: UInt32
        /// 0: the same.
        var target: UInt16
    }

    /// - Parameter wide: by their numbers, which begin with 1.
    init(_ frontends: [Verdicts.Frontend], wide: [WideFrontend]) throws(ImageError) {
        let keys = frontends.map { Key($0.address, $0.ipProtocol, $0.port) }
        guard Set(keys).count == keys.count else {
            throw .inconsistent("two services share an address and port")
        }
        let table = BucketTable(hashes: keys.map(\.hash), ways: Self.ways)
        words = [UInt32](repeating: 0, count: table.bucketCount * Line.words)
        mask = table.mask
        for ((frontend, key), place) in zip(zip(frontends, keys), table.places) {
            let first = place * Self.entryWords
            words.store(key.address[0], at: first)
            words.store(key.address[1], at: first + 2)
            words[first + 4] = key.portProtocol
            words[first + 5] = frontend.service
            words[first + 6] = frontend.subject
            words[first + 7] = UInt32(frontend.target.byteSwapped) << 16
        }
        for (bucket, overflow) in table.overflow.enumerated() where overflow { words[bucket * Line.words + 7] |= 1 }
        guard !wide.isEmpty else { return }
        let first = words.count
        words += [UInt32](repeating: 0, count: Line.count(words: (wide.count + 1) * Self.entryWords) * Line.words)
        let fills = words.count == first + (wide.count + 1) * Self.entryWords ? [] : wide.prefix(1)
        for (number, frontend) in (wide + fills).enumerated() {
            words[first + (number + 1) * Self.entryWords + 5] = frontend.service
            words[first + (number + 1) * Self.entryWords + 6] = frontend.subject
        }
    }

    init(mask: UInt32, words: [UInt32]) {
        self.mask = mask
        self.words = words
    }

    func find(_ address: IPAddress, _ ipProtocol: IPProtocol, _ port: UInt16) -> Entry? {
        let key = Key(address, ipProtocol, port)
        let choices = BucketTable.choices(key.hash, mask: mask)
        for bucket in [choices.first, choices.second] {
            for way in 0..<Self.ways {
                let entry = entry(bucket * Self.ways + way)
                if entry.portProtocol == key.portProtocol, entry.address == key.address { return entry }
            }
            if words[bucket * Line.words + 7] & 0xFFFF == 0 { break }
        }
        return nil
    }

    /// A wide frontend by its number; `nil` for 0.
    func wide(_ number: UInt32) -> Entry? {
        number == 0 ? nil : entry((Int(mask) + 1) * Self.ways + Int(number))
    }

    /// All wide ones. What fills the last line is the first one again, so that nothing is there that is not.
    var wideEntries: [Entry] {
        let first = (Int(mask) + 1) * Self.ways
        return (first..<max(first, words.count / Self.entryWords)).dropFirst().map(entry)
    }

    /// All exact ones that are in use, in the order of the table.
    var entries: [Entry] {
        (0..<(Int(mask) + 1) * Self.ways).map(entry).filter { $0.portProtocol != 0 }
    }

    private func entry(_ place: Int) -> Entry {
        let first = place * Self.entryWords
        return Entry(
            address: [words.load(at: first), words.load(at: first + 2)], portProtocol: words[first + 4],
            service: words[first + 5], subject: words[first + 6],
            target: UInt16(truncatingIfNeeded: words[first + 7] >> 16).byteSwapped)
    }

    private struct Key: Hashable {
        var address: [UInt64]
        /// Port in network order in the low half, as a packet's word reads.
        var portProtocol: UInt32

        init(_ address: IPAddress, _ ipProtocol: IPProtocol, _ port: UInt16) {
            self.address = address.packetWords
            portProtocol = UInt32(port.byteSwapped) | UInt32(ipProtocol.number) << 16
        }

        var hash: UInt64 { hash_key(address[0], address[1], UInt64(portProtocol)) }
    }
}

extension IPAddress {
    /// The address as two words read from a packet: network order, IPv4 as `::ffff:a.b.c.d`.
    var packetWords: [UInt64] {
        switch self {
        case .v4(let address): [0, (UInt64(0xFFFF) << 32 | UInt64(address.value)).byteSwapped]
        case .v6(let address): [address.high.byteSwapped, address.low.byteSwapped]
        }
    }

    init(packetWords words: [UInt64]) {
        let address = IPv6Address(high: words[0].byteSwapped, low: words[1].byteSwapped)
        self = address.isV4Mapped ? .v4(IPv4Address(address.low.lowWord)) : .v6(address)
    }
}
