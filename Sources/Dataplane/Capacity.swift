internal import DataplaneABI

/// What is fixed when programs are loaded. A file that outgrows it makes a new set of maps.
struct Capacity: Hashable, Sendable {
    /// Lines in each half of the arena.
    var halfLines: UInt32
    var counters: CounterLayout

    /// 4 MB.
    private static let leastHalf: UInt32 = 1 << 16

    init(halfLines: UInt32, counters: CounterLayout) {
        self.halfLines = halfLines
        self.counters = counters
    }

    func holds(_ publication: Publication) -> Bool {
        publication.lines <= halfLines && counters.holds(publication.needs)
    }

    /// Room for `publication` and half as much again; never less than `current`.
    static func fitting(_ publication: Publication, growing current: Capacity? = nil) -> Capacity {
        let lines = publication.lines
        let wanted = max(leastHalf, (lines + lines / 2).roundedUpToPowerOfTwo)
        let half = current.map { lines <= $0.halfLines ? $0.halfLines : wanted } ?? wanted
        return Capacity(
            halfLines: half, counters: .fitting(publication.needs, growing: current?.counters))
    }
}

extension Publication {
    var lines: UInt32 { UInt32(image.count / lineBytes) }

    /// Refuses bytes that no compiler of images made.
    func validate() throws(DataplaneError) {
        let line = lineBytes
        guard image.count >= 2 * line, image.count.isMultiple(of: line), image.count / line <= Int(Int32.max) else {
            throw DataplaneError(.usage, "an image of \(image.count) bytes is not whole")
        }
        let (head, tail) = image.withUnsafeBytes {
            ($0.loadUnaligned(as: image_head.self), $0.loadUnaligned(fromByteOffset: line, as: image_tail.self))
        }
        guard head.magic == IMAGE_MAGIC, tail.version == UInt32(IMAGE_VERSION), tail.lines == lines else {
            throw DataplaneError(.usage, "these bytes are no image of version \(IMAGE_VERSION)")
        }
        guard needs.interfaces <= UInt32(INTERFACE_SLOTS) else {
            throw DataplaneError(.usage, "more than \(INTERFACE_SLOTS - 1) interfaces")
        }
    }
}
