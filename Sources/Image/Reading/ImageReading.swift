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
        let source = try ImageBytes(bytes)
        let (head, tail) = (source.head, source.tail)
        func words(_ section: Section) -> [UInt32] { source.words(section) }
        var (published, manifest, policyChecksum) = try source.openManifest()
        let interfaces = InterfaceTable(
            multiplier: head.interface_multiplier, bits: head.interface_bits, words: words(.interfaces))
        let services = ServiceTables(
            services: words(.services), backends: words(.backends),
            backendIndex: words(.backendIndex))
        let policy = PolicyTables(
            addresses: AddressTables(
                trie4Root: words(.trie4Root), trie4Blocks: words(.trie4Blocks), hosts4: words(.hosts4),
                hosts4Mask: head.hosts4_mask, prefixes6: words(.prefixes6), prefixes6Mask: head.prefixes6_mask,
                lengths6: words(.lengths6), lengths6Count: Int(tail.lengths6_count),
                class6Default: tail.class6_default),
            frontends: FrontendTable(mask: head.frontends_mask, words: words(.frontends)),
            protocols: words(.protocols), directories: words(.directories), pages: words(.pages),
            nodeBase: tail.node_base, transitBase: tail.transit_base)
        try Self.readSlots(
            of: &published.state.services, services, from: source[.slots], firstLine: source.layout.start(.slots))
        self.init(
            published: published, policy: policy, interfaces: interfaces, services: services, layout: source.layout,
            head: words(.head), manifest: manifest, policyChecksum: policyChecksum)
    }

    private static func readSlots(
        of states: inout [ServiceState], _ tables: ServiceTables, from bytes: UnsafeRawBufferPointer, firstLine: Int
    ) throws(ImageError) {
        guard tables.services.count == states.count * Line.words else {
            throw .corrupt("the manifest names other services than the tables hold")
        }
        for index in states.indices {
            let table = tables.entry(index)
            let backendCount = states[index].backends.count
            let (words, highest) = try slots(
                table.slots_line, table.slot_count, mask: UInt16(SLOT_BACKEND), in: bytes, firstLine: firstLine)
            let (previous, highestPrevious) = try slots(
                table.previous_line, table.previous_count, mask: .max, in: bytes, firstLine: firstLine)
            let slots = ServiceSlots(table: words, previous: previous, drainEnd: states[index].slots.drainEnd)
            guard slots.current.isEmpty || highest <= backendCount, highestPrevious <= backendCount else {
                throw .corrupt("a slot of '\(states[index].name)' holds no backend")
            }
            states[index].slots = slots
        }
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
