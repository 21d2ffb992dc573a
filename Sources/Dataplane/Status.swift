/// What runs, as the kernel says.
public struct DataplaneStatus: Sendable {
    public struct Program: Sendable {
        public var name: String
        public var id: UInt32
        /// Hash of the instructions, as the kernel shows it, 16 hex digits.
        public var tag: String
    }

    public enum Mode: String, Sendable { case native, generic, offloaded }

    public struct AttachedInterface: Sendable {
        public var name: String
        public var index: UInt32
        public var mode: Mode
    }

    public var program: Program
    /// Of the object that is loaded, hex.
    public var objectHash: String
    /// Whether it is the object that this command carries.
    public var isCurrentVersion: Bool
    public var interfaces: [AttachedInterface]
    /// 0 or 1.
    public var generation: UInt32
    public var imageBytes: Int
    public var imageCapacity: Int
    /// Of all maps, in the kernel.
    public var mapBytes: Int
}
