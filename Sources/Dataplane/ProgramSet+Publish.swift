internal import BPF
internal import DataplaneABI

extension ProgramSet {
    /// The half that no packet uses.
    var spareHalf: UInt32 { 1 - control.generation }

    /// Writes `image` to `half`, which no packet may be using.
    func write(_ image: [UInt8], toHalf half: UInt32) throws {
        try withHalf(half) { bytes in
            image.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
    }

    /// The memory of a half, as long as `body` runs.
    func withHalf<Result>(
        _ half: UInt32, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        let arena = try MappedArray<line>(self[.arena].value)
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
            guard head.magic == IMAGE_MAGIC, count <= bytes.count else { return nil }
            return try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    /// The kernel's indices of the interfaces that the image in use is about.
    func publishedInterfaces() throws -> Set<UInt32> {
        try withImage(inHalf: control.generation) { image in
            let head = image.load(as: image_head.self)
            let first = Int(head.interfaces_line) * lineBytes
            let count = 1 << Int(head.interface_bits)
            guard first + count * MemoryLayout<interface>.stride <= image.count else { return [] }
            let indices = (0..<count).map {
                image.load(fromByteOffset: first + $0 * MemoryLayout<interface>.stride, as: interface.self).index
            }
            return Set(indices).subtracting([0])
        } ?? []
    }
}
