internal import CLibbpf
internal import Glibc

/// A program's attachment to an interface or to a control group. It ends with this value, unless it is pinned.
public struct Link: ~Copyable, Sendable {
    public let descriptor: Descriptor

    public struct Information: Sendable, Equatable {
        public var id: UInt32
        public var programID: UInt32
        /// `enum bpf_link_type`.
        public var kind: UInt32
        /// The kernel's index; 0 where the interface is gone. XDP and tcx only.
        public var interfaceIndex: UInt32
        /// ``ControlGroup/id``; 0 where the group is gone. Socket programs only.
        public var controlGroupID: UInt64
    }

    public init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// The link pinned at `path`.
    public init(pinnedAt path: String) throws(BPFError) {
        let descriptor = try call("open link \(path)") { bpf_obj_get(path) }
        self.init(Descriptor(owning: descriptor))
    }

    /// Where in a packet's way an XDP program runs.
    public enum XDPMode: UInt32, Sendable {
        /// On the socket buffer, after the driver: any interface, slower.
        case generic = 2
        /// In the driver.
        case native = 4
    }

    /// Fails with EBUSY where the interface has an XDP program already, and with EOPNOTSUPP where its driver cannot.
    public static func attachXDP(
        _ program: borrowing Program, interfaceIndex: UInt32, mode: XDPMode
    ) throws(BPFError) -> Link {
        var options = bpf_link_create_opts()
        options.sz = optionsSize(through: \bpf_link_create_opts.flags)
        options.flags = mode.rawValue
        let descriptor = try call(
            "attach program \(program.information.name) to interface \(interfaceIndex) in \(mode) mode",
            hint: "see `ip link show`"
        ) {
            bpf_link_create(program.descriptor.rawValue, Int32(interfaceIndex), BPF_XDP, &options)
        }
        return Link(Descriptor(owning: descriptor))
    }

    /// Attaches a traffic control program, behind those that are there. From Linux 6.6: see ``Feature/tcx``; before,
    /// there is ``TrafficControlFilter``.
    public static func attachTCX(
        _ program: borrowing Program, interfaceIndex: UInt32, direction: TrafficDirection
    ) throws(BPFError) -> Link {
        // libbpf 1.1 has no names for these attach types, but passes them on.
        let type = bpf_attach_type(rawValue: direction == .ingress ? 46 : 47)
        let descriptor = try call(
            "attach program \(program.information.name) to interface \(interfaceIndex), \(direction)"
        ) {
            bpf_link_create(program.descriptor.rawValue, Int32(interfaceIndex), type, nil)
        }
        return Link(Descriptor(owning: descriptor))
    }

    /// Attaches a socket program to the processes of `group` and of those below it, beside programs that are there.
    public static func attach(
        _ program: borrowing Program, to group: borrowing ControlGroup, _ hook: SocketHook
    ) throws(BPFError) -> Link {
        let descriptor = try call(
            "attach program \(program.information.name) to control group \(group.path)",
            hint: "see `bpftool cgroup show \(group.path)`"
        ) {
            bpf_link_create(program.descriptor.rawValue, group.descriptor.rawValue, hook.attachType, nil)
        }
        return Link(Descriptor(owning: descriptor))
    }

    /// Puts `program` in the place of the one that runs, between two packets.
    public func update(to program: borrowing Program) throws(BPFError) {
        try call("replace the program of a link by \(program.information.name)") {
            bpf_link_update(descriptor.rawValue, program.descriptor.rawValue, nil)
        }
    }

    /// Ends the attachment at once, pinned or not.
    public func detach() throws(BPFError) {
        try call("detach a link") { bpf_link_detach(descriptor.rawValue) }
    }

    /// Keeps the attachment at `path` until it is unpinned.
    public func pin(at path: String) throws(BPFError) {
        try call("pin a link at \(path)") { bpf_obj_pin(descriptor.rawValue, path) }
    }

    public func information() throws(BPFError) -> Information {
        LibbpfLog.silence()
        var information = bpf_link_info()
        var length = UInt32(MemoryLayout<bpf_link_info>.stride)
        try call("ask about a link") { bpf_obj_get_info_by_fd(descriptor.rawValue, &information, &length) }
        // XDP and tcx both have the interface's index as the first word of their part.
        return Information(
            id: information.id, programID: information.prog_id, kind: information.type,
            interfaceIndex: information.xdp.ifindex, controlGroupID: information.cgroup.cgroup_id)
    }
}

public enum TrafficDirection: Sendable { case ingress, egress }
