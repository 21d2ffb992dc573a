internal import BPF
internal import DataplaneABI

/// The kernel's own clocks, as its programs see them.
struct KernelClock {
    struct Sample: BitwiseCopyable {
        var jiffies: UInt64
        /// CLOCK_MONOTONIC.
        var nanoseconds: UInt64
    }

    private let program: Shared<Program>
    private let section: Shared<MapHandle>
    private let offset: Int

    init(_ set: ProgramSet) {
        program = set[.clock]
        section = set[.clock]
        offset = Int(set.record.clockOffset)
    }

    func sample() throws(BPFError) -> Sample {
        let memory = try MappedArray<UInt8>(elementOf: section.value)
        return try sample(memory)
    }

    private func sample(_ memory: borrowing MappedArray<UInt8>) throws(BPFError) -> Sample {
        _ = try program.value.run(TestRun(packet: [UInt8](repeating: 0, count: 64)))
        return memory.withUnsafeMutableBytes { $0.load(fromByteOffset: offset, as: Sample.self) }
    }

    /// Jiffies in a second, which the kernel tells nobody: one of the values it can be built with, told apart by the
    /// time between two ticks. Takes some 30 ms.
    func ticksPerSecond() throws(BPFError) -> UInt32 {
        let memory = try MappedArray<UInt8>(elementOf: section.value)
        var best: (rate: UInt32, error: Double) = (Self.rates[0], .infinity)
        // A machine that is held up between a tick and its sample measures wrong, so try until a rate fits well.
        for _ in 0..<5 where best.error > 0.05 {
            let start = try tick(after: sample(memory), memory)
            var end = start
            while end.nanoseconds - start.nanoseconds < 20_000_000 { end = try tick(after: end, memory) }
            let seconds = Double(end.nanoseconds - start.nanoseconds) / 1e9
            let measured = Double(end.jiffies - start.jiffies) / seconds
            for rate in Self.rates {
                let error = abs(measured - Double(rate)) / Double(rate)
                if error < best.error { best = (rate, error) }
            }
        }
        return best.rate
    }

    /// CONFIG_HZ, on the machines that run XDP.
    private static let rates: [UInt32] = [100, 250, 300, 1000]

    private func tick(after last: Sample, _ memory: borrowing MappedArray<UInt8>) throws(BPFError) -> Sample {
        var now = last
        while now.jiffies == last.jiffies { now = try sample(memory) }
        return now
    }
}
