import BPF

/// One data plane of the node, by name. Several live side by side, on different interfaces.
public struct Instance: Hashable, Sendable, CustomStringConvertible {
    public static let `default` = Instance(unchecked: "default")

    public let name: String

    /// Throws where the name is not one to sixty letters, digits, `-` and `_`, the first a letter or digit. (A dot would
    /// be refused by the kernel: the BPF file system reserves it.)
    public init(_ name: String) throws(DataplaneError) {
        let bytes = Array(name.utf8)
        let isPlain = bytes.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        guard isPlain, let first = bytes.first, Self.isAlphanumeric(first), bytes.count <= 60 else {
            throw DataplaneError(
                .usage, "'\(name)' is no name for an instance",
                hint: "use 1 to 60 letters, digits, '-' and '_', beginning with a letter or digit")
        }
        self.name = name
    }

    private init(unchecked name: String) { self.name = name }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    public var description: String { name }

    /// Where everything of the instance is pinned.
    public var pinDirectory: String { "\(Self.root)/\(name)" }
    /// Where a new set of programs is built before it takes over. `+` is in no instance's name.
    var nextDirectory: String { "\(Self.root)/\(name)+next" }
    /// Where a set waits to be removed.
    var doomedDirectory: String { "\(Self.root)/\(name)+down" }

    static let root = "\(BPFFilesystem.path)/sluice"
    static let lockDirectory = "/run/sluice"
}
