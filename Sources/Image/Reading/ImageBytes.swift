internal import DataplaneABI

/// An image where it was written, by its sections.
struct ImageBytes {
    let head: image_head
    let tail: image_tail
    let layout: Layout
    private let bytes: UnsafeRawBufferPointer

    /// - Parameter bytes: from the image's first line on; may be longer than the image.
    init(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        guard bytes.count >= Layout.headLines * Line.bytes else { throw .notAnImage }
        head = bytes.loadUnaligned(as: image_head.self)
        tail = bytes.loadUnaligned(fromByteOffset: Line.bytes, as: image_tail.self)
        guard head.magic == IMAGE_MAGIC else { throw .notAnImage }
        guard tail.version == UInt16(IMAGE_VERSION) else { throw .otherVersion(UInt32(tail.version)) }
        let flows = bytes.loadUnaligned(fromByteOffset: 2 * Line.bytes, as: image_flows.self)
        layout = try Layout(head: head, tail: tail, flows: flows, availableLines: bytes.count / Line.bytes)
        self.bytes = bytes
    }

    /// What is in use of a section.
    subscript(section: Section) -> UnsafeRawBufferPointer {
        let range = layout.byteRange(section)
        let used =
            switch section {
            case .backendIndex: Int(tail.backend_index_count) * MemoryLayout<UInt32>.size
            case .lengths6: Int(tail.lengths6_count) * MemoryLayout<UInt32>.size
            case .manifest: Int(tail.manifest_bytes)
            default: range.count
            }
        return UnsafeRawBufferPointer(rebasing: bytes[range.prefix(used)])
    }

    /// A copy of a section that consists of words.
    func words(_ section: Section) -> [UInt32] {
        let source = self[section]
        let count = source.count / MemoryLayout<UInt32>.size
        return [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            initialized = count
        }
    }

    /// Decodes the manifest, having compared its checksum with what it vouches for.
    func openManifest() throws(ImageError) -> (published: PublishedState, bytes: [UInt8], policyChecksum: UInt64) {
        let policyChecksum = PolicyTables.sections.reduce(0) { hash(self[$1], into: $0) }
        let checksum = Image.sectionsBesidePolicy.reduce(policyChecksum) { hash(self[$1], into: $0) }
        let manifest = Array(self[.manifest])
        return (try Manifest.open(manifest, checksum: checksum), manifest, policyChecksum)
    }
}
