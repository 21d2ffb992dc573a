internal import DataplaneABI
internal import Plan

/// An image where it was written. It stays there, unchanged, as long as this lives.
public protocol ImageMemory: AnyObject, Sendable {
    /// From the image's first line on.
    var bytes: UnsafeRawBufferPointer { get }
}

/// The slots of all services but one, where they were written. They are most of an image, and a change of one service
/// leaves them as they are: so they are neither decoded nor checked, but copied from image to image.
struct UnreadSlots: Sendable {
    private let memory: any ImageMemory
    /// What tells where they are.
    private let tables: ServiceTables
    /// The service whose slots the state has; nil where it has none.
    private let read: Int?

    init(_ memory: any ImageMemory, _ tables: ServiceTables, but read: Int?) throws(ImageError) {
        self.memory = memory
        self.tables = tables
        self.read = read
        for service in 0..<tables.services.count / Line.words where service != read {
            let entry = tables.entry(service)
            guard range(of: service).upperBound <= memory.bytes.count,
                Int(entry.previous_line) == Int(entry.slots_line) + ServiceTables.slotLines(Int(entry.slot_count))
            else { throw .corrupt("slots outside of their place") }
        }
    }

    private func range(of service: Int) -> Range<Int> {
        let entry = tables.entry(service)
        let line = Int(entry.slots_line)
        return line * Line.bytes..<(line + SlotShape(entry).lines) * Line.bytes
    }

    func shape(of service: Int) -> SlotShape? {
        service == read ? nil : SlotShape(tables.entry(service))
    }

    /// The slots of a service, whole lines. Nil where they are in the state.
    func bytes(of service: Int) -> UnsafeRawBufferPointer? {
        service == read ? nil : UnsafeRawBufferPointer(rebasing: memory.bytes[range(of: service)])
    }
}

/// What a service's entry says of its slots, but for their place.
struct SlotShape {
    var count: Int
    var previousCount: Int
    /// CLOCK_MONOTONIC, nanoseconds.
    var drainEnd: UInt64

    var lines: Int { ServiceTables.slotLines(count) + ServiceTables.slotLines(previousCount) }
}

extension SlotShape {
    init(_ slots: ServiceSlots) {
        let (nanoseconds, overflow) = slots.drainEnd.multipliedReportingOverflow(by: 1_000_000_000)
        self.init(
            count: slots.table.count, previousCount: slots.previous.count, drainEnd: overflow ? .max : nanoseconds)
    }

    init(_ entry: service) {
        self.init(
            count: Int(entry.slot_count), previousCount: Int(entry.previous_count), drainEnd: entry.drain_end)
    }
}
