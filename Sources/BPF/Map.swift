internal import CLibbpf
internal import Glibc

/// A map with one value per key. Keys and values are copied as they lie in memory, so they must be fixed-width structs
/// whose padding is written out.
public struct Map<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable {
    public let handle: MapHandle

    /// Throws where the sizes of `Key` and `Value` are not those of the map.
    public init(_ handle: consuming MapHandle) throws(BPFError) {
        let information = handle.information
        try information.require(key: MemoryLayout<Key>.stride, value: MemoryLayout<Value>.stride)
        if information.kind.isPerCPU {
            throw BPFError("open map \(information.name)", code: EINVAL, hint: "it has a value per CPU: use PerCPUMap")
        }
        self.handle = handle
    }

    /// How an update treats a key that is there, or is not.
    public enum UpdateMode: UInt64, Sendable {
        case any
        /// Fails with EEXIST where the key is there.
        case insert
        /// Fails with ENOENT where it is not.
        case replace
    }

    /// The value of `key`; nil where there is none.
    public func value(for key: Key) throws(BPFError) -> Value? {
        var key = key
        return try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer throws(BPFError) -> Value? in
            let result = bpf_map_lookup_elem(handle.descriptor.rawValue, &key, buffer.baseAddress)
            if result == -ENOENT { return nil }
            try call("read map \(handle.information.name)") { result }
            return buffer[0]
        }
    }

    public func update(_ key: Key, to value: Value, _ mode: UpdateMode = .any) throws(BPFError) {
        var key = key
        var value = value
        try call("write map \(handle.information.name)") {
            bpf_map_update_elem(handle.descriptor.rawValue, &key, &value, mode.rawValue)
        }
    }

    /// Returns false where there was no such key.
    @discardableResult
    public func remove(_ key: Key) throws(BPFError) -> Bool {
        var key = key
        let result = bpf_map_delete_elem(handle.descriptor.rawValue, &key)
        if result == -ENOENT { return false }
        try call("delete from map \(handle.information.name)") { result }
        return true
    }

    /// All entries. While programs write, a hash may show an entry twice or leave one out.
    public func entries() throws(BPFError) -> [(key: Key, value: Value)] {
        if let entries = try batchedEntries() { return entries }
        return try steppedEntries()
    }

    /// Nil where the kernel has no batches for this kind of map.
    private func batchedEntries() throws(BPFError) -> [(key: Key, value: Value)]? {
        var entries: [(key: Key, value: Value)] = []
        var room = 4096
        // A position in the map: a key for arrays, a bucket's number for hashes.
        var position: [UInt8]?
        var isLast = false
        while !isLast {
            var count = UInt32(room)
            var result: Int32 = 0
            withUnsafeTemporaryAllocation(of: Key.self, capacity: room) { keys in
                withUnsafeTemporaryAllocation(of: Value.self, capacity: room) { values in
                    var next = [UInt8](repeating: 0, count: max(MemoryLayout<Key>.stride, 8))
                    result = (position ?? []).withUnsafeBytes { start in
                        bpf_map_lookup_batch(
                            handle.descriptor.rawValue,
                            position == nil ? nil : UnsafeMutableRawPointer(mutating: start.baseAddress), &next,
                            keys.baseAddress, values.baseAddress, &count, nil)
                    }
                    guard result == 0 || result == -ENOENT else { return }
                    position = next
                    for index in 0..<Int(count) { entries.append((keys[index], values[index])) }
                }
            }
            switch result {
            case 0: break
            case -ENOENT: isLast = true
            // A bucket has more entries than there is room for.
            case -ENOSPC: room *= 2
            case -BPFError.notSupportedByKind, -EINVAL: return nil
            default: try call("read map \(handle.information.name)") { result }
            }
        }
        return entries
    }

    private func steppedEntries() throws(BPFError) -> [(key: Key, value: Value)] {
        var entries: [(key: Key, value: Value)] = []
        var last: Key?
        while let key = try key(after: last) {
            if let value = try value(for: key) { entries.append((key, value)) }
            last = key
        }
        return entries
    }

    private func key(after key: Key?) throws(BPFError) -> Key? {
        try withUnsafeTemporaryAllocation(of: Key.self, capacity: 1) { next throws(BPFError) -> Key? in
            let result: Int32
            if var key {
                result = bpf_map_get_next_key(handle.descriptor.rawValue, &key, next.baseAddress)
            } else {
                result = bpf_map_get_next_key(handle.descriptor.rawValue, nil, next.baseAddress)
            }
            if result == -ENOENT { return nil }
            try call("read map \(handle.information.name)") { result }
            return next[0]
        }
    }
}

extension MapHandle.Information {
    func require(key: Int, value: Int) throws(BPFError) {
        guard key == keySize && value == valueSize else {
            throw BPFError(
                "open map \(name)", code: EINVAL,
                hint: "its keys and values have \(keySize) and \(valueSize) bytes, not \(key) and \(value)")
        }
    }
}
