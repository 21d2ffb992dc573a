internal import DataplaneABI
internal import Plan

extension Image {
    /// The whole image in memory of its own.
    public var bytes: [UInt8] {
        let count = layout.lineCount * Line.bytes
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Writes the image from front to back, `needs.lines` lines of it, over whatever is there.
    public func write(to destination: UnsafeMutableRawBufferPointer) {
        precondition(destination.count >= layout.lineCount * Line.bytes, "no room for the image")
        for section in Section.allCases {
            let place = UnsafeMutableRawBufferPointer(rebasing: destination[layout.byteRange(section)])
            switch section {
            case .slots: writeSlots(to: place)
            case .manifest: manifest.withUnsafeBytes { Self.fill(place, with: $0) }
            default: words(section).withUnsafeBytes { Self.fill(place, with: $0) }
            }
        }
    }

    /// Content of a section that consists of words.
    func words(_ section: Section) -> [UInt32] {
        switch section {
        case .head: head
        case .interfaces: interfaces.words
        case .services: services.services
        case .details: services.details
        case .backends: services.backends
        case .backendIndex: services.backendIndex
        case .sequences: services.sequences
        default: policy.words(section)
        }
    }

    private static func fill(_ place: UnsafeMutableRawBufferPointer, with content: UnsafeRawBufferPointer) {
        place.copyMemory(from: content)
        place[content.count...].initializeMemory(as: UInt8.self, repeating: 0)
    }

    private func writeSlots(to place: UnsafeMutableRawBufferPointer) {
        var rest = place
        func advance(_ count: Int) -> UnsafeMutableRawBufferPointer {
            let bytes = ServiceTables.slotLines(count) * Line.bytes
            defer { rest = UnsafeMutableRawBufferPointer(rebasing: rest[bytes...]) }
            return UnsafeMutableRawBufferPointer(rebasing: rest[..<bytes])
        }
        let state = published.state
        for (index, slots) in (state.services.map(\.slots) + ServiceEntries(state).ownSlots(state)).enumerated() {
            if index < state.services.count, let bytes = unread?.bytes(of: index) {
                rest.copyMemory(from: bytes)
                rest = UnsafeMutableRawBufferPointer(rebasing: rest[bytes.count...])
                continue
            }
            let place = advance(slots.table.count)
            slots.table.withUnsafeBytes { Self.fill(place, with: $0) }
            if !slots.previous.isEmpty { Self.mark(place.bindMemory(to: UInt16.self), slots) }
            slots.previous.withUnsafeBytes { Self.fill(advance(slots.previous.count), with: $0) }
        }
    }

    private static func mark(_ place: UnsafeMutableBufferPointer<UInt16>, _ slots: ServiceSlots) {
        for slot in slots.table.indices where slots.isMarked(slot) { place[slot] |= UInt16(SLOT_MARKED) }
    }
}

extension PolicyTables {
    /// Content of one of the sections from `frontends` to `pages`; nothing for any other.
    func words(_ section: Section) -> [UInt32] {
        switch section {
        case .frontends: frontends.words
        case .lengths6: addresses.lengths6
        case .protocols: protocols
        case .trie4Root: addresses.trie4Root
        case .trie4Blocks: addresses.trie4Blocks
        case .hosts4: addresses.hosts4
        case .prefixes6: addresses.prefixes6
        case .directories: directories
        case .pages: pages
        default: []
        }
    }

    static let sections: [Section] = [
        .frontends, .lengths6, .protocols, .trie4Root, .trie4Blocks, .hosts4, .prefixes6, .directories, .pages,
    ]

    var checksum: UInt64 { Self.sections.reduce(0) { hash(words($1), into: $0) } }
}
