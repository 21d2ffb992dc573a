internal import Glibc

/// A file descriptor that closes with its owner.
public struct Descriptor: ~Copyable, Sendable {
    /// Valid as long as this value lives.
    public let rawValue: Int32

    /// Takes over `rawValue`.
    public init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { close(rawValue) }

    /// Another descriptor for the same thing.
    public func duplicate() throws(BPFError) -> Descriptor { try Self.duplicate(rawValue) }

    static func duplicate(_ borrowed: Int32) throws(BPFError) -> Descriptor {
        let copy = fcntl(borrowed, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last("duplicate a descriptor") }
        return Descriptor(owning: copy)
    }
}
