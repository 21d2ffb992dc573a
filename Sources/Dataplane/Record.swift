internal import BPF
internal import DataplaneABI
internal import Glibc

/// What a set of programs knows about itself, pinned as `map/record`. It is pinned last: a set with a record is whole.
///
/// Later versions may append fields; what an earlier one did not write reads as zero.
struct Record: BitwiseCopyable {
    static let magic: UInt32 = 0x5243_4c53  // "SLCR"
    static let valueBytes = 256
    static let imageVersion = UInt32(IMAGE_VERSION)

    var magic = Record.magic
    /// `IMAGE_VERSION` that the programs understand.
    var imageVersion = Record.imageVersion
    /// SHA-256 of the object.
    var objectHash: (UInt64, UInt64, UInt64, UInt64)
    /// Lines in each half of the arena.
    var halfLines: UInt32
    var interfaceRoom: UInt32
    var ruleRoom: UInt32
    var serviceRoom: UInt32
    var backendRoom: UInt32
    /// Bytes from the beginning of the explaining instance's `.bss` to its `trace`.
    var traceOffset: UInt32
    /// Bytes from the beginning of the filtering instance's `.bss` to its `clock_sample`.
    var clockOffset: UInt32
    var pad: UInt32 = 0
    /// Of the network namespace in which interface numbers mean something: the inode of /proc/thread-self/ns/net.
    var networkNamespace: UInt64

    init(capacity: Capacity, traceOffset: Int, clockOffset: Int) {
        objectHash = Self.embeddedHash
        halfLines = capacity.halfLines
        interfaceRoom = capacity.counters.interfaces
        ruleRoom = capacity.counters.rules
        serviceRoom = capacity.counters.services
        backendRoom = capacity.counters.backends
        self.traceOffset = UInt32(traceOffset)
        self.clockOffset = UInt32(clockOffset)
        networkNamespace = Self.currentNetworkNamespace()
    }

    var capacity: Capacity {
        Capacity(
            halfLines: halfLines,
            counters: CounterLayout(
                interfaces: interfaceRoom, rules: ruleRoom, services: serviceRoom, backends: backendRoom))
    }

    var hash: String {
        [objectHash.0, objectHash.1, objectHash.2, objectHash.3].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    var isOfThisVersion: Bool { objectHash == Self.embeddedHash }

    private static var embeddedHash: (UInt64, UInt64, UInt64, UInt64) {
        let digits = Array(SluiceObject.sha256)
        func word(_ index: Int) -> UInt64 { UInt64(String(digits[index * 16..<index * 16 + 16]), radix: 16) ?? 0 }
        return (word(0), word(1), word(2), word(3))
    }

    static func currentNetworkNamespace() -> UInt64 {
        var information = stat()
        return stat("/proc/thread-self/ns/net", &information) == 0 ? UInt64(information.st_ino) : 0
    }
}

extension Record {
    func store() throws(BPFError) -> MapHandle {
        let handle = try MapHandle.create(
            .array, name: "record", keySize: 4, valueSize: Self.valueBytes, maxEntries: 1, flags: .mappable)
        let bytes = try MappedArray<UInt8>(elementOf: handle)
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: self, as: Record.self) }
        return handle
    }

    /// Nil where the map holds no record.
    static func load(_ handle: borrowing MapHandle) throws(BPFError) -> Record? {
        guard handle.information.kind == .array, handle.information.valueSize == valueBytes else { return nil }
        let bytes = try MappedArray<UInt8>(elementOf: handle)
        let record = bytes.withUnsafeMutableBytes { $0.load(as: Record.self) }
        return record.magic == magic ? record : nil
    }
}
