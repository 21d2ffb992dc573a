internal import BPF
internal import DataplaneABI

/// How loaded a backend is.
public struct BackendLoad: Hashable, Sendable {
    /// Flows that sent something in this epoch or the one before (16 to 32 seconds) and have not ended.
    public var flows: Int
    /// Decaying mean of the time from a client's SYN to the packet that follows it, microseconds; `nil`: not measured.
    public var handshake: Int?

    public init(flows: Int = 0, handshake: Int? = nil) {
        self.flows = flows
        self.handshake = handshake
    }
}

/// All loads at one moment, by backend slot.
public struct LoadSnapshot: Sendable {
    private let loads: [BackendLoad]

    public init(_ loads: [BackendLoad] = []) { self.loads = loads }

    public subscript(backend slot: UInt32) -> BackendLoad {
        Int(slot) < loads.count ? loads[Int(slot)] : BackendLoad()
    }
}

/// The data path's `loads` (`struct load` of `bpf/abi/flow.h`).
struct LoadTable {
    private let set: ProgramSet

    init(_ set: ProgramSet) { self.set = set }

    func snapshot() throws -> LoadSnapshot {
        guard let map = set.map(.loads) else { return LoadSnapshot() }
        let entries = try MappedArray<load>(map.value)
        let clock = Clock(jiffies: try KernelClock(set).sample().jiffies, epochShift: set.control.epochShift)
        return LoadSnapshot((0..<entries.count).map { clock.read(entries[$0]) })
    }

    /// Forgets slots whose owner is new.
    func clear(_ slots: [UInt32]) throws {
        guard let map = set.map(.loads) else { return }
        let entries = try MappedArray<load>(map.value)
        for slot in slots where Int(slot) < entries.count { entries[Int(slot)] = load() }
    }

    /// What the counts are worth now.
    private struct Clock {
        let jiffies: UInt64
        let epochShift: UInt32

        func read(_ entry: load) -> BackendLoad {
            let epoch = UInt16(truncatingIfNeeded: jiffies >> UInt64(epochShift))
            let age = epoch &- UInt16(truncatingIfNeeded: entry.flows >> UInt64(LOAD_EPOCH_SHIFT))
            let flows =
                switch age {
                case 0: entry.flows >> UInt64(LOAD_LIVE_SHIFT) & LOAD_COUNT
                case 1: entry.flows & LOAD_COUNT
                default: 0 as UInt64
                }
            let mean = UInt32(truncatingIfNeeded: entry.handshake)
            let halvings =
                (UInt32(truncatingIfNeeded: jiffies) &- UInt32(truncatingIfNeeded: entry.handshake >> 32))
                >> (epochShift - 2)
            return BackendLoad(
                flows: Int(flows), handshake: mean == 0 ? nil : Int(halvings > 31 ? 0 : mean >> halvings))
        }
    }
}
