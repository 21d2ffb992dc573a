internal import BPF
internal import DataplaneABI
internal import Synchronization

/// The words that steer running programs, in memory shared with them.
final class Control: Sendable {
    /// Drop events and ICMP "too big" answers, per CPU and second: enough to diagnose with, too few to be a load.
    private static let eventsPerSecond: UInt32 = 100
    private static let tooBigPerSecond: UInt32 = 200
    /// Answers of services without a backend: enough that clients need not wait, too few to be worth provoking.
    private static let refusalsPerSecond: UInt32 = 1000

    private let section: MappedArray<control>

    init(_ map: borrowing MapHandle) throws(BPFError) { section = try MappedArray(elementOf: map) }

    func initialise(halfLines: UInt32, ticksPerSecond: UInt32) {
        section[0] = control(
            generation: 0, half_lines: halfLines, ticks_per_second: ticksPerSecond, settled: 0,
            events_per_second: Self.eventsPerSecond, too_big_per_second: Self.tooBigPerSecond,
            refusals_per_second: Self.refusalsPerSecond, epoch_shift: Self.epochShift(ticksPerSecond: ticksPerSecond),
            pad: (0, 0, 0, 0, 0, 0, 0, 0))
    }

    /// An epoch, a power of two of jiffies, is what comes closest to 16 seconds.
    private static func epochShift(ticksPerSecond: UInt32) -> UInt32 {
        UInt32((12 * ticksPerSecond).roundedUpToPowerOfTwo.trailingZeroBitCount)
    }

    var epochShift: UInt32 { section[0].epoch_shift }

    /// Which half packets use, 0 or 1.
    var generation: UInt32 { section[0].generation & 1 }

    var ticksPerSecond: UInt32 { section[0].ticks_per_second }

    /// Between two readings of the kernel's jiffies; zero where `end` is the earlier one.
    func duration(from start: UInt64, to end: UInt64) -> Duration {
        .milliseconds(Int64(clamping: end > start ? (end - start) * 1000 / UInt64(max(1, ticksPerSecond)) : 0))
    }

    /// Whether no packet is under way any more that may use the other half.
    var isSettled: Bool { section[0].settled == generation }

    /// Makes packets use `half`, which was written before. Each packet reads the word once.
    func publish(_ half: UInt32) { store(half, at: MemoryLayout<control>.offset(of: \.generation)) }

    /// Of a generation after whose flip a grace period has passed.
    func markSettled(_ generation: UInt32) { store(generation, at: MemoryLayout<control>.offset(of: \.settled)) }

    /// One aligned word, after everything that was written before it.
    private func store(_ value: UInt32, at offset: Int?) {
        guard let offset else { return }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        section.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
    }
}
