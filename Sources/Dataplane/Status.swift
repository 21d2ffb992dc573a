internal import BPF

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
        /// The kernel's.
        public var index: UInt32
        public var mode: Mode
    }

    public var program: Program
    /// SHA-256 of the object that is loaded, hex.
    public var objectHash: String
    /// Whether it is the object that this command carries.
    public var isCurrentVersion: Bool
    /// Those that are there; one that is gone from the node is gone from here.
    public var interfaces: [AttachedInterface]
    /// Whether processes of the node reach services.
    public var servesClients: Bool
    /// 0 or 1.
    public var generation: UInt32
    public var imageBytes: Int
    /// Room for an image before the programs have to be replaced.
    public var imageCapacity: Int
    /// Of all maps, in the kernel.
    public var mapBytes: Int
}

extension DataplaneStatus.Mode {
    /// How XDP runs on an interface; nil where it does not.
    init?(ofInterface index: UInt32) throws(BPFError) {
        let attachment = try XDPAttachment(ofInterface: index)
        if attachment.nativeProgramID != nil {
            self = .native
        } else if attachment.genericProgramID != nil {
            self = .generic
        } else if attachment.offloadedProgramID != nil {
            self = .offloaded
        } else {
            return nil
        }
    }
}

extension DataplaneStatus {
    init(_ set: ProgramSet, attachments: Attachments, sockets: SocketAttachments) throws {
        let information = set[.ingress].value.information
        program = Program(name: information.name, id: information.id, tag: information.tag)
        objectHash = set.record.hash
        isCurrentVersion = set.record.isOfThisVersion
        generation = set.control.generation
        imageBytes = try (set.imageLines(inHalf: generation) ?? 0) * lineBytes
        imageCapacity = Int(set.record.halfLines) * lineBytes
        mapBytes = try set.mapNames.reduce(0) { try $0 + set[$1].value.memoryBytes() }
        servesClients = try sockets.all().contains { try $0.isAttached() }
        interfaces = []
        for point in try attachments.all() {
            guard let index = try point.interfaceIndex(), let mode = try Mode(ofInterface: index) else { continue }
            interfaces.append(AttachedInterface(name: point.interfaceName, index: index, mode: mode))
        }
    }
}
