internal import BPF
internal import DataplaneABI
internal import Dispatch
internal import Image

/// An image in the arena.
final class ArenaImage: ImageMemory {
    private let lines: MappedArray<line>

    init(_ lines: consuming MappedArray<line>) { self.lines = lines }

    var bytes: UnsafeRawBufferPointer { lines.withUnsafeMutableBytes { UnsafeRawBufferPointer($0) } }
}

extension ProgramSet {
    /// The half that no packet uses.
    var spareHalf: UInt32 { 1 - control.generation }

    /// Writes the image of `publication` to `half`, which no packet may be using. Throws where it is none.
    func write(_ publication: Publication, toHalf half: UInt32) throws {
        try withHalf(half, lines: publication.lines) { publication.write($0) }
        guard try imageLines(inHalf: half) == publication.lines else {
            throw DataplaneError(.usage, "these \(publication.lines) lines are no image of version \(IMAGE_VERSION)")
        }
    }

    /// Copies the image that `other` uses.
    func copyImage(of other: ProgramSet, toHalf half: UInt32) throws {
        try other.withImage(inHalf: other.control.generation) { image in
            try withHalf(half, lines: image.count / lineBytes) { $0.copyMemory(from: image) }
        }
    }

    /// The memory of a half's first lines, as long as `body` runs.
    private func withHalf<Result>(
        _ half: UInt32, lines: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        try map(half, lines: lines).withUnsafeMutableBytes(body)
    }

    private func map(_ half: UInt32, lines: Int) throws(BPFError) -> MappedArray<line> {
        precondition(lines <= Int(record.halfLines), "no room for the image")
        let start = Int(half) * Int(record.halfLines)
        return try MappedArray(elementOf: self[.arena].value, start..<start + lines)
    }

    /// Has the wait of ``settle()`` begin, beside whatever is to be done before.
    func beginToSettle() {
        guard !control.isSettled else { return }
        let generation = control.generation
        DispatchQueue.global().async(group: settling) {
            // What fails here fails again where it is waited for.
            if (try? waitForGracePeriod()) != nil { control.markSettled(generation) }
        }
    }

    /// Returns when no packet is under way that may use the spare half.
    func settle() throws(BPFError) {
        settling.wait()
        guard !control.isSettled else { return }
        try waitForGracePeriod()
        control.markSettled(control.generation)
    }

    /// Returns when every program run that has begun by now has ended.
    func waitForGracePeriod() throws(BPFError) {
        let grace = try MapOfMaps(self[.grace].value.duplicate())
        if let id = try grace.innerID(at: 0) {
            try grace.set(MapHandle(id: id), at: 0)
        } else {
            let first = try MapHandle.create(.array, name: "grace", keySize: 4, valueSize: 4, maxEntries: 1)
            try grace.set(first, at: 0)
            // The first one takes a free place, for which some kernels need not wait.
            try grace.set(first, at: 0)
        }
    }

    /// The image in `half`; nil where none was published to it.
    func withImage<Result>(
        inHalf half: UInt32, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard let lines = try imageLines(inHalf: half) else { return nil }
        return try withHalf(half, lines: lines) { try body(UnsafeRawBufferPointer($0)) }
    }

    /// The image in use, for longer; nil where none was published.
    func imageMemory() throws -> ArenaImage? {
        let half = control.generation
        guard let lines = try imageLines(inHalf: half) else { return nil }
        return ArenaImage(try map(half, lines: lines))
    }

    /// How long the image in `half` is; nil where none was published to it.
    func imageLines(inHalf half: UInt32) throws -> Int? {
        try withHead(ofHalf: half) { head, tail in
            let lines = Int(tail.lines)
            let isImage = head.magic == IMAGE_MAGIC && UInt32(tail.version) == record.imageVersion
            return isImage && (2...Int(record.halfLines)).contains(lines) ? lines : nil
        }
    }

    private func withHead<Result>(
        ofHalf half: UInt32, _ body: (image_head, image_tail) throws -> Result
    ) throws -> Result {
        try withHalf(half, lines: 2) {
            try body($0.load(as: image_head.self), $0.load(fromByteOffset: lineBytes, as: image_tail.self))
        }
    }

    /// Whether the image in use has services for processes of the node.
    func publishedClients() throws -> Bool {
        try withHead(ofHalf: control.generation) { _, tail in tail.clients != UInt16(CLIENTS_NONE) }
    }

    /// The kernel's indices of the interfaces that the image in use is about.
    func publishedInterfaces() throws -> Set<UInt32> {
        let half = control.generation
        let (first, bits) = try withHead(ofHalf: half) { head, _ in (Int(head.interfaces_line), head.interface_bits) }
        guard let count = try imageLines(inHalf: half), bits < 32, first + 1 << Int(bits) <= count else {
            throw DataplaneError(.damaged, "the image in use cannot be read")
        }
        let lines = first..<first + 1 << Int(bits)
        return try withHalf(half, lines: lines.upperBound) { image in
            Set(lines.map { image.load(fromByteOffset: $0 * lineBytes, as: interface.self).index }).subtracting([0])
        }
    }
}
