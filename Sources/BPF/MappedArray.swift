internal import Glibc

/// An array map in this process's memory: reads and writes are the kernel's own, without system calls.
///
/// The kernel promises nothing about order or tearing beyond what the machine does for aligned words. Programs write
/// meanwhile as they please, so threads of this process that do so too add nothing new: hence sendable.
public struct MappedArray<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    public let count: Int
    private let base: UnsafeMutableRawPointer
    private let mappedBytes: Int

    /// The map must be an array with ``MapFlags/mappable``, its values as large as `Element` and a multiple of eight
    /// bytes.
    public init(_ handle: borrowing MapHandle) throws(BPFError) {
        let information = handle.information
        try information.require(key: 4, value: MemoryLayout<Element>.stride)
        try self.init(handle, count: Int(information.maxEntries))
    }

    /// The one value of a map, a data section's for instance, seen as an array of its own.
    public init(elementOf handle: borrowing MapHandle) throws(BPFError) {
        try self.init(handle, count: handle.information.valueSize / MemoryLayout<Element>.stride)
    }

    /// Some elements of that one value; the rest stays out of this process's memory, which it takes time to enter.
    ///
    /// - Parameter range: Must begin on a page. The kernel refuses one beyond the value.
    public init(elementOf handle: borrowing MapHandle, _ range: Range<Int>) throws(BPFError) {
        let stride = MemoryLayout<Element>.stride
        try self.init(handle, bytes: range.count * stride, offset: range.lowerBound * stride, count: range.count)
    }

    private init(_ handle: borrowing MapHandle, count: Int) throws(BPFError) {
        let information = handle.information
        let stride = (information.valueSize + 7) / 8 * 8
        guard information.kind == .array, information.maxEntries == 1 || stride == information.valueSize else {
            throw BPFError(
                "map \(information.name) into memory", code: EINVAL,
                hint: "it must be an array whose values are a multiple of eight bytes")
        }
        try self.init(handle, bytes: Int(information.maxEntries) * stride, offset: 0, count: count)
    }

    private init(_ handle: borrowing MapHandle, bytes: Int, offset: Int, count: Int) throws(BPFError) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let bytes = (bytes + page - 1) / page * page
        let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, handle.descriptor.rawValue, offset)
        guard let base, base != MAP_FAILED else { throw .last("map \(handle.information.name) into memory") }
        self.base = base
        self.mappedBytes = bytes
        self.count = count
    }

    deinit { munmap(base, mappedBytes) }

    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "index out of range")
            return base.load(fromByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index out of range")
            base.storeBytes(of: newValue, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
        }
    }

    /// All elements, for as long as `body` runs.
    public func withUnsafeMutableBuffer<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: Element.self), count: count))
    }

    public func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeMutableRawBufferPointer(start: base, count: count * MemoryLayout<Element>.stride))
    }
}
