internal import CLibbpf
internal import Glibc

/// A map of any kind, owned through a descriptor. ``Map``, ``PerCPUMap`` and ``MappedArray`` give it types.
public struct MapHandle: ~Copyable, Sendable {
    public let descriptor: Descriptor
    public let information: Information

    public struct Information: Sendable, Equatable {
        public var name: String
        public var id: UInt32
        public var kind: MapKind
        /// Bytes.
        public var keySize: Int
        /// Bytes.
        public var valueSize: Int
        public var maxEntries: UInt32
        public var flags: MapFlags
    }

    public init(_ descriptor: consuming Descriptor) throws(BPFError) {
        information = try Self.information(descriptor.rawValue)
        self.descriptor = descriptor
    }

    /// The map pinned at `path`.
    public init(pinnedAt path: String) throws(BPFError) {
        let descriptor = try call("open map \(path)") { bpf_obj_get(path) }
        try self.init(Descriptor(owning: descriptor))
    }

    public init(id: UInt32) throws(BPFError) {
        let descriptor = try call("open map \(id)") { bpf_map_get_fd_by_id(id) }
        try self.init(Descriptor(owning: descriptor))
    }

    /// A new map. The kernel keeps fifteen bytes of `name`: letters, digits, `_` and `.`.
    public static func create(
        _ kind: MapKind, name: String, keySize: Int, valueSize: Int, maxEntries: UInt32, flags: MapFlags = []
    ) throws(BPFError) -> MapHandle {
        LibbpfLog.silence()
        var options = bpf_map_create_opts()
        options.sz = optionsSize(through: \bpf_map_create_opts.map_flags)
        options.map_flags = flags.rawValue
        let descriptor = try call(
            "create map \(name) of \(maxEntries) entries",
            hint: maxEntries == 0 && kind != .ringBuffer ? "a map needs at least one entry" : nil
        ) {
            bpf_map_create(
                bpf_map_type(rawValue: kind.rawValue), name, UInt32(keySize), UInt32(valueSize), maxEntries, &options)
        }
        return try MapHandle(Descriptor(owning: descriptor))
    }

    public func duplicate() throws(BPFError) -> MapHandle { try MapHandle(descriptor.duplicate()) }

    /// Keeps the map at `path` until it is unpinned.
    public func pin(at path: String) throws(BPFError) {
        try call("pin map \(information.name) at \(path)") { bpf_obj_pin(descriptor.rawValue, path) }
    }

    /// Bytes that the kernel holds for the map, keys and values and its own bookkeeping.
    public func memoryBytes() throws(BPFError) -> Int {
        let lines = try TextFile.read("/proc/self/fdinfo/\(descriptor.rawValue)").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("memlock:") }
        return line.flatMap { Int($0.dropFirst("memlock:".count).drop(while: \.isWhitespace)) } ?? 0
    }

    private static func information(_ descriptor: Int32) throws(BPFError) -> Information {
        LibbpfLog.silence()
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.stride)
        try call("ask about a map") { bpf_obj_get_info_by_fd(descriptor, &information, &length) }
        return Information(
            name: String(cBytes: information.name), id: information.id, kind: MapKind(rawValue: information.type),
            keySize: Int(information.key_size), valueSize: Int(information.value_size),
            maxEntries: information.max_entries, flags: MapFlags(rawValue: information.map_flags))
    }
}

/// `enum bpf_map_type`.
public struct MapKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let hash = MapKind(rawValue: 1)
    public static let array = MapKind(rawValue: 2)
    public static let perCPUHash = MapKind(rawValue: 5)
    public static let perCPUArray = MapKind(rawValue: 6)
    public static let lruHash = MapKind(rawValue: 9)
    public static let lruPerCPUHash = MapKind(rawValue: 10)
    public static let longestPrefixTrie = MapKind(rawValue: 11)
    public static let arrayOfMaps = MapKind(rawValue: 12)
    public static let hashOfMaps = MapKind(rawValue: 13)
    public static let ringBuffer = MapKind(rawValue: 27)

    /// The kernel's name: `lru_hash`.
    public var description: String {
        LibbpfLog.silence()
        let name = libbpf_bpf_map_type_str(bpf_map_type(rawValue: rawValue))
        return name.map { String(cString: $0) } ?? "kind \(rawValue)"
    }

    var isPerCPU: Bool { [.perCPUHash, .perCPUArray, .lruPerCPUHash].contains(self) }
}

/// `BPF_F_…` of a map.
public struct MapFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noPreallocation = MapFlags(rawValue: 1 << 0)
    /// User space may only read.
    public static let readOnly = MapFlags(rawValue: 1 << 3)
    /// Programs may only read.
    public static let readOnlyForPrograms = MapFlags(rawValue: 1 << 7)
    public static let mappable = MapFlags(rawValue: 1 << 10)
}

extension String {
    /// A C string in a fixed field, which may fill it without an end mark.
    init<Tuple: BitwiseCopyable>(cBytes field: Tuple) {
        self = withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
