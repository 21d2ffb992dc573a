internal import BPF
internal import DataplaneABI
internal import Net

/// Asks the second instance of the program, which decides over the same tables but changes and counts nothing.
public final class DryRunner: Sendable {
    private let program: Shared<Program>
    private let section: MappedArray<UInt8>
    private let offset: Int
    /// The half to use; nil: that in use when asked.
    private let half: UInt32?
    /// The trace is one place in memory for all who ask.
    private let turn: LockFile

    init(_ instance: Instance, _ set: ProgramSet, half: UInt32? = nil) throws(DataplaneError) {
        program = set[.explain]
        do { section = try MappedArray(elementOf: set[.trace].value) } catch {
            throw DataplaneError("cannot prepare a dry run", error)
        }
        offset = Int(set.record.traceOffset)
        self.half = half
        turn = try LockFile("\(instance.name).explain.lock")
    }

    /// Lets the program decide about `packet` as if it had come from the interface with the kernel's `interfaceIndex`.
    public func run(_ packet: [UInt8], interfaceIndex: UInt32) throws(DataplaneError) -> DryRun {
        try turn.withLock { () throws(DataplaneError) in
            var question = trace()
            question.generation = half ?? 0
            question.override_generation = half == nil ? 0 : 1
            question.interface = interfaceIndex
            section.withUnsafeMutableBytes { $0.storeBytes(of: question, toByteOffset: offset, as: trace.self) }
            let result = try attempting("run the explaining program") { try program.value.run(TestRun(packet: packet)) }
            let answer = section.withUnsafeMutableBytes { $0.loadUnaligned(fromByteOffset: offset, as: trace.self) }
            return DryRun(
                outcome: Outcome(rawValue: answer.outcome), action: result.action, packet: result.packet,
                trace: Trace(answer))
        }
    }
}
