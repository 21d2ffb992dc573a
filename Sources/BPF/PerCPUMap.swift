internal import CLibbpf
internal import Glibc

/// A map that has a value per key and possible CPU.
public struct PerCPUMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable {
    public let handle: MapHandle

    /// Throws where the sizes of `Key` and `Value` are not those of the map.
    public init(_ handle: consuming MapHandle) throws(BPFError) {
        let information = handle.information
        try information.require(key: MemoryLayout<Key>.stride, value: MemoryLayout<Value>.stride)
        guard information.kind.isPerCPU else {
            throw BPFError("open map \(information.name)", code: EINVAL, hint: "it has one value for all CPUs: use Map")
        }
        self.handle = handle
    }

    /// One value per possible CPU; nil where there is no such key.
    public func values(for key: Key) throws(BPFError) -> [Value]? {
        let count = try possibleCPUs()
        var key = key
        return try withUnsafeTemporaryAllocation(byteCount: stride * count, alignment: 16) {
            buffer throws(BPFError) -> [Value]? in
            let result = bpf_map_lookup_elem(handle.descriptor.rawValue, &key, buffer.baseAddress)
            if result == -ENOENT { return nil }
            try call("read map \(handle.information.name)") { result }
            return (0..<count).map { buffer.loadUnaligned(fromByteOffset: $0 * stride, as: Value.self) }
        }
    }

    /// Throws where `values` are not one per possible CPU.
    public func update(_ key: Key, to values: [Value]) throws(BPFError) {
        let count = try possibleCPUs()
        guard values.count == count else {
            throw BPFError(
                "write map \(handle.information.name)", code: EINVAL,
                hint: "there are \(count) possible CPUs, but \(values.count) values")
        }
        var key = key
        try withUnsafeTemporaryAllocation(byteCount: stride * count, alignment: 16) { buffer throws(BPFError) in
            for (index, value) in values.enumerated() {
                buffer.storeBytes(of: value, toByteOffset: index * stride, as: Value.self)
            }
            try call("write map \(handle.information.name)") {
                bpf_map_update_elem(handle.descriptor.rawValue, &key, buffer.baseAddress, 0)
            }
        }
    }

    /// The kernel rounds each CPU's value up to eight bytes.
    private var stride: Int { (MemoryLayout<Value>.stride + 7) / 8 * 8 }
}

/// CPUs that the machine could ever have: the number of values that a per-CPU map holds for a key.
public func possibleCPUs() throws(BPFError) -> Int {
    LibbpfLog.silence()
    return Int(try call("count CPUs") { libbpf_num_possible_cpus() })
}
