internal import DataplaneABI
internal import Plan

extension PublishedState {
    /// Reads what an image was made from, all but the slots of the services. The rest of the image is passed over, save
    /// for its checksum, and so this is a small part of the work of ``Image/init(reading:)``.
    public init(readingManifestOf bytes: UnsafeRawBufferPointer) throws(ImageError) {
        self = try ImageBytes(bytes).openManifest().published
    }
}

extension Image {
    /// Reads an image back from where it was written. Everything is copied and checked: the bytes may change or go away
    /// afterwards, and were they damaged, this throws.
    ///
    /// - Parameter bytes: from the image's first line on; may be longer than the image.
    public init(reading bytes: UnsafeRawBufferPointer) throws(ImageError) {
        try self.init(ImageBytes(bytes), leaving: nil, but: nil)
    }

    /// Reads an image back to make another one of it in which nothing but one service differs. The state lacks the
    /// slots of all others: ``compile(_:reusing:)`` finds them in `memory`.
    public init(reading memory: some ImageMemory, slotsOf service: String) throws(ImageError) {
        try self.init(ImageBytes(memory.bytes), leaving: memory, but: service)
    }

    /// - Parameters:
    ///   - memory: where slots are left; nil: all are read.
    ///   - name: of the one service whose slots are read even so.
    private init(
        _ source: ImageBytes, leaving memory: (any ImageMemory)?, but name: String?
    ) throws(ImageError) {
        let (head, tail) = (source.head, source.tail)
        func words(_ section: Section) -> [UInt32] { source.words(section) }
        var (published, manifest, policyChecksum) = try source.openManifest()
        let interfaces = InterfaceTable(
            multiplier: head.interface_multiplier, bits: head.interface_bits, words: words(.interfaces))
        let services = ServiceTables(
            services: words(.services), details: words(.details), backends: words(.backends),
            backendIndex: words(.backendIndex), sequences: words(.sequences))
        let policy = PolicyTables(
            addresses: AddressTables(
                trie4Root: words(.trie4Root), trie4Blocks: words(.trie4Blocks), hosts4: words(.hosts4),
                hosts4Mask: head.hosts4_mask, prefixes6: words(.prefixes6), prefixes6Mask: head.prefixes6_mask,
                lengths6: words(.lengths6), lengths6Count: Int(tail.lengths6_count),
                class6Default: tail.class6_default),
            frontends: FrontendTable(mask: head.frontends_mask, words: words(.frontends)),
            protocols: words(.protocols), directories: words(.directories), pages: words(.pages),
            nodeBase: tail.node_base, transitBase: tail.transit_base, wideBase: tail.wide_base,
            zonesBase: services.zonesBase)
        let entries = ServiceEntries(published.state)
        let serviceCount = published.state.services.count
        guard services.services.count == (serviceCount + entries.variants.count) * Line.words else {
            throw .corrupt("the manifest names other services than the tables hold")
        }
        var unread: UnreadSlots?
        // Tables of zones lie behind those of all services, so all are read.
        if let memory, entries.variants.isEmpty {
            unread = try UnreadSlots(memory, services, but: published.state.services.firstIndex { $0.name == name })
        }
        for index in published.state.services.indices where unread?.shape(of: index) == nil {
            let state = published.state.services[index]
            published.state.services[index].slots = try Self.slots(
                state, services.entry(index), drainEnd: state.slots.drainEnd, from: source)
        }
        for (offset, variant) in entries.variants.enumerated() {
            guard let own = variant.own else { continue }
            let state = published.state.services[variant.service]
            published.state.services[variant.service].zoneSlots[own].slots = try Self.slots(
                state, services.entry(serviceCount + offset), drainEnd: state.zoneSlots[own].slots.drainEnd,
                from: source)
        }
        self.init(
            published: published, policy: policy, interfaces: interfaces, services: services, layout: source.layout,
            head: words(.head), manifest: manifest, policyChecksum: policyChecksum, unread: unread)
    }

    private static func slots(
        _ state: ServiceState, _ table: service, drainEnd: UInt64, from source: ImageBytes
    ) throws(ImageError) -> ServiceSlots {
        let (bytes, firstLine) = (source[.slots], source.layout.start(.slots))
        let (words, highest) = try slots(
            table.slots_line, table.slot_count, mask: UInt16(SLOT_BACKEND), in: bytes, firstLine: firstLine)
        let (previous, highestPrevious) = try slots(
            table.previous_line, table.previous_count, mask: .max, in: bytes, firstLine: firstLine)
        let slots = ServiceSlots(table: words, previous: previous, drainEnd: drainEnd)
        guard slots.current.isEmpty || highest <= state.backends.count, highestPrevious <= state.backends.count else {
            throw .corrupt("a slot of '\(state.name)' holds no backend")
        }
        return slots
    }

    /// The slots and the highest backend index in them plus one, where ``ServiceSlots/none`` plus one is 0.
    private static func slots(
        _ line: UInt32, _ count: UInt32, mask: UInt16, in bytes: UnsafeRawBufferPointer, firstLine: Int
    ) throws(ImageError) -> (slots: [UInt16], highest: Int) {
        let start = (Int(line) - firstLine) * Line.bytes
        let count = Int(count)
        guard start >= 0, start + count * 2 <= bytes.count else { throw .corrupt("slots outside of their place") }
        var highest: UInt16 = 0
        let slots = [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count * 2]))
            // By far the most words of an image, so this is a loop that becomes vector instructions.
            for index in 0..<count {
                let slot = buffer[index] & mask
                highest = max(highest, slot &+ 1)
                buffer[index] = slot
            }
            initialized = count
        }
        return (slots, Int(highest))
    }
}
