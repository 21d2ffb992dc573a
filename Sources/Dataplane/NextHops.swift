internal import BPF
internal import DataplaneABI
public import Net

/// How the data path reaches a backend, as one CPU learned it from the kernel's tables a moment ago.
public struct NextHop: Sendable {
    public var cpu: Int
    /// The backend's slot.
    public var backendSlot: UInt32
    /// Tells the backend from earlier owners of the slot.
    public var tag: UInt32
    /// The kernel's index of the interface to send through.
    public var interfaceIndex: UInt32
    public var destination: MACAddress?
    public var source: MACAddress?
    /// Bytes of IP packet that the route takes.
    public var mtu: UInt16
    public var age: Duration
}

struct NextHopTable {
    private let set: ProgramSet

    init(_ set: ProgramSet) { self.set = set }

    func entries() throws -> [NextHop] {
        let memory = try MappedArray<nexthop>(elementOf: set[.nexthops].value)
        let clock = try KernelClock(set).sample()
        let room = Int(set.record.backendRoom)
        return (0..<memory.count).compactMap { index in
            let entry = memory[index]
            // 0 is no backend's tag: nothing was ever filled in here.
            guard entry.tag != 0 else { return nil }
            let addresses = withUnsafeBytes(of: entry.ethernet) { Array($0) }
            return NextHop(
                cpu: index / room, backendSlot: UInt32(index % room), tag: entry.tag, interfaceIndex: entry.index,
                destination: MACAddress(bytes: addresses.prefix(6)), source: MACAddress(bytes: addresses.suffix(6)),
                mtu: entry.mtu, age: set.control.duration(from: entry.filled, to: clock.jiffies))
        }
    }
}

/// One of the kernel's maps.
public struct MapSummary: Sendable {
    public var name: String
    /// As the kernel calls it.
    public var kind: String
    public var keyBytes: Int
    public var valueBytes: Int
    public var maxEntries: UInt32
    /// What the kernel holds for it.
    public var memoryBytes: Int
}

extension MapSummary {
    init(_ name: ProgramSet.MapName, _ map: borrowing MapHandle) throws(BPFError) {
        let information = map.information
        self.name = name.rawValue
        kind = information.kind.description
        keyBytes = information.keySize
        valueBytes = information.valueSize
        maxEntries = information.maxEntries
        memoryBytes = try map.memoryBytes()
    }
}
