internal import BPF
internal import DataplaneABI

extension ProgramSet {
    /// The half that no packet uses.
    var spareHalf: UInt32 { 1 - control.generation }

    /// Writes the image of `publication` to `half`, which no packet may be using. Throws where it is none.
    func write(_ publication: Publication, toHalf half: UInt32) throws {
        try withHalf(half) { bytes in
            precondition(publication.lines * lineBytes <= bytes.count, "no room for the image")
            publication.write(bytes)
        }
        let lines = try withImage(inHalf: half) { $0.count / lineBytes }
        guard lines == publication.lines else {
            throw DataplaneError(.usage, "these \(publication.lines) lines are no image of version \(IMAGE_VERSION)")
        }
    }

    /// Copies the image that `other` uses.
    func copyImage(of other: ProgramSet, toHalf half: UInt32) throws {
        try other.withImage(inHalf: other.control.generation) { image in
            try withHalf(half) { $0.copyMemory(from: image) }
        }
    }

    /// The memory of a half, as long as `body` runs.
    func withHalf<Result>(
        _ half: UInt32, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        let arena = try MappedArray<line>(elementOf: self[.arena].value)
        return try arena.withUnsafeMutableBytes { bytes in
            let size = Int(record.halfLines) * lineBytes
            return try body(UnsafeMutableRawBufferPointer(rebasing: bytes[Int(half) * size..<(Int(half) + 1) * size]))
        }
    }

    /// Makes packets use `half`, and returns when none uses the other one any more.
    func publish(half: UInt32) throws(BPFError) {
        control.publish(half)
        try settle()
    }

    /// Returns when no packet is under way that may use the spare half.
    func settle() throws(BPFError) {
        guard !control.isSettled else { return }
        try waitForGracePeriod()
        control.markSettled()
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
        try withHalf(half) { bytes in
            let head = bytes.load(as: image_head.self)
            let tail = bytes.load(fromByteOffset: lineBytes, as: image_tail.self)
            let count = Int(tail.lines) * lineBytes
            guard head.magic == IMAGE_MAGIC, tail.version == record.imageVersion, count >= 2 * lineBytes,
                count <= bytes.count
            else { return nil }
            return try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    /// The kernel's indices of the interfaces that the image in use is about.
    func publishedInterfaces() throws -> Set<UInt32> {
        let indices = try withImage(inHalf: control.generation) { image in
            let head = image.load(as: image_head.self)
            let first = Int(head.interfaces_line) * lineBytes
            let count = 1 << Int(head.interface_bits)
            guard first + count * MemoryLayout<interface>.stride <= image.count else { return nil as [UInt32]? }
            return (0..<count).map {
                image.load(fromByteOffset: first + $0 * MemoryLayout<interface>.stride, as: interface.self).index
            }
        }
        guard let indices, let indices else { throw DataplaneError(.damaged, "the image in use cannot be read") }
        return Set(indices).subtracting([0])
    }
}
