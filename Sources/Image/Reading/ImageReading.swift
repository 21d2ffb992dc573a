internal import DataplaneABI
internal import Plan

extension Image {
    /// Reads an image back from where it was written. Everything is copied and checked: the bytes may change or go away
    /// afterwards, and were they damaged, this throws.
    ///
    /// - Parameter bytes: from the image's first line on; may be longer than the image.
    public init(reading bytes: UnsafeRawBufferPointer) throws(ImageError) {
        guard bytes.count >= Layout.headLines * Line.bytes else { throw .notAnImage }
        let head = bytes.loadUnaligned(as: image_head.self)
        let tail = bytes.loadUnaligned(fromByteOffset: Line.bytes, as: image_tail.self)
        guard head.magic == IMAGE_MAGIC else { throw .notAnImage }
        guard tail.version == UInt32(IMAGE_VERSION) else { throw .otherVersion(tail.version) }
        let layout = try Layout(head: head, tail: tail, availableLines: bytes.count / Line.bytes)

        func words(_ section: Section, count: Int? = nil) -> [UInt32] {
            let range = layout.byteRange(section)
            let wordCount = count ?? range.count / 4
            return [UInt32](unsafeUninitializedCapacity: wordCount) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[range.prefix(wordCount * 4)]))
                initialized = wordCount
            }
        }
        let interfaces = InterfaceTable(
            multiplier: head.interface_multiplier, bits: head.interface_bits, words: words(.interfaces))
        let services = ServiceTables(
            services: words(.services), backends: words(.backends),
            backendIndex: words(.backendIndex, count: Int(tail.backend_index_count)))
        let policy = PolicyTables(
            addresses: AddressTables(
                trie4Root: words(.trie4Root), trie4Blocks: words(.trie4Blocks), hosts4: words(.hosts4),
                hosts4Mask: head.hosts4_mask, prefixes6: words(.prefixes6), prefixes6Mask: head.prefixes6_mask,
                lengths6: words(.lengths6, count: Int(tail.lengths6_count)), lengths6Count: Int(tail.lengths6_count),
                class6Default: tail.class6_default),
            frontends: FrontendTable(mask: head.frontends_mask, words: words(.frontends)),
            protocols: words(.protocols), directories: words(.directories), pages: words(.pages),
            nodeBase: tail.node_base, transitBase: tail.transit_base)
        let headWords = words(.head)
        let manifest = Array(bytes[layout.byteRange(.manifest).prefix(Int(tail.manifest_bytes))])
        var published = try Manifest.open(
            manifest,
            checksum: Self.checksum(policy.checksum, head: headWords, interfaces: interfaces, services: services))
        try Self.readSlots(
            of: &published.state.services, services, from: UnsafeRawBufferPointer(rebasing: bytes[layout.byteRange(.slots)]),
            firstLine: layout.start(.slots))
        self.init(
            published: published, policy: policy, interfaces: interfaces, services: services, layout: layout,
            head: headWords, manifest: manifest)
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
            let words = try slots(table.slots_line, table.slot_count, in: bytes, firstLine: firstLine)
            let slots = ServiceSlots(
                table: words.map { $0 & UInt16(SLOT_BACKEND) },
                previous: try slots(table.previous_line, table.previous_count, in: bytes, firstLine: firstLine),
                drainEnd: states[index].slots.drainEnd)
            guard slots.current.allSatisfy({ Int($0) < backendCount }),
                slots.previous.allSatisfy({ $0 == ServiceSlots.none || Int($0) < backendCount })
            else { throw .corrupt("a slot of '\(states[index].name)' holds no backend") }
            states[index].slots = slots
        }
    }

    private static func slots(
        _ line: UInt32, _ count: UInt32, in bytes: UnsafeRawBufferPointer, firstLine: Int
    ) throws(ImageError) -> [UInt16] {
        let start = (Int(line) - firstLine) * Line.bytes
        guard start >= 0, start + Int(count) * 2 <= bytes.count else { throw .corrupt("slots outside of their place") }
        return [UInt16](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(count) * 2]))
            initialized = Int(count)
        }
    }
}
