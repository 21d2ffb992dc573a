internal import CLibbpf
internal import Glibc

/// An array of maps. Inner maps must have the kind and sizes of the one it was made with.
public struct MapOfMaps: ~Copyable {
    public let handle: MapHandle

    public init(_ handle: consuming MapHandle) throws(BPFError) {
        let information = handle.information
        try information.require(key: 4, value: 4)
        guard information.kind == .arrayOfMaps else {
            throw BPFError("open map \(information.name)", code: EINVAL, hint: "it is no array of maps")
        }
        self.handle = handle
    }

    /// The id of the map at `index`; nil where there is none.
    public func innerID(at index: UInt32) throws(BPFError) -> UInt32? {
        var index = index
        var id: UInt32 = 0
        let result = bpf_map_lookup_elem(handle.descriptor.rawValue, &index, &id)
        if result == -ENOENT { return nil }
        try call("read map \(handle.information.name)") { result }
        return id
    }

    /// Returns only when no program runs any more that began before: the kernel waits for an RCU grace period, so that
    /// nobody still holds the map that was there.
    public func set(_ inner: borrowing MapHandle, at index: UInt32) throws(BPFError) {
        var index = index
        var descriptor = inner.descriptor.rawValue
        try call("write map \(handle.information.name)", hint: "the inner map must be like the first one") {
            bpf_map_update_elem(handle.descriptor.rawValue, &index, &descriptor, 0)
        }
    }
}
