internal import CLibbpf

/// A loaded program, owned through a descriptor.
public struct Program: ~Copyable, Sendable {
    public let descriptor: Descriptor
    public let information: Information

    public struct Information: Sendable, Equatable {
        /// The kernel's fifteen bytes of it.
        public var name: String
        public var id: UInt32
        /// `enum bpf_prog_type`.
        public var kind: UInt32
        /// Hash of the instructions, 16 hex digits.
        public var tag: String
        /// Instructions that the verifier looked at; 0 on kernels before 5.16.
        public var verifiedInstructions: UInt32
    }

    public init(_ descriptor: consuming Descriptor) throws(BPFError) {
        information = try Self.information(descriptor.rawValue)
        self.descriptor = descriptor
    }

    /// The program pinned at `path`.
    public init(pinnedAt path: String) throws(BPFError) {
        let descriptor = try call("open program \(path)") { bpf_obj_get(path) }
        try self.init(Descriptor(owning: descriptor))
    }

    public init(id: UInt32) throws(BPFError) {
        let descriptor = try call("open program \(id)") { bpf_prog_get_fd_by_id(id) }
        try self.init(Descriptor(owning: descriptor))
    }

    public func duplicate() throws(BPFError) -> Program { try Program(descriptor.duplicate()) }

    /// Keeps the program at `path` until it is unpinned.
    public func pin(at path: String) throws(BPFError) {
        try call("pin program \(information.name) at \(path)") { bpf_obj_pin(descriptor.rawValue, path) }
    }

    private static func information(_ descriptor: Int32) throws(BPFError) -> Information {
        LibbpfLog.silence()
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.stride)
        try call("ask about a program") { bpf_obj_get_info_by_fd(descriptor, &information, &length) }
        return Information(
            name: String(cBytes: information.name), id: information.id, kind: information.type,
            tag: withUnsafeBytes(of: information.tag) { $0.map(hex).joined() },
            verifiedInstructions: information.verified_insns)
    }
}

private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

/// What an XDP program tells the kernel to do with a packet.
public struct XDPAction: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let aborted = XDPAction(rawValue: 0)
    public static let drop = XDPAction(rawValue: 1)
    public static let pass = XDPAction(rawValue: 2)
    public static let transmit = XDPAction(rawValue: 3)
    public static let redirect = XDPAction(rawValue: 4)

    public var description: String {
        let names = ["aborted", "drop", "pass", "tx", "redirect"]
        return rawValue < names.count ? names[Int(rawValue)] : "action \(rawValue)"
    }
}
