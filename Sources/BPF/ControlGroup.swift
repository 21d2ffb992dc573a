internal import CLibbpf
internal import Glibc

/// A control group (cgroup v2): a set of processes, to whose sockets programs can be attached.
public struct ControlGroup: ~Copyable, Sendable {
    let descriptor: Descriptor
    /// In the file system.
    public let path: String
    /// The kernel's number: that of its directory's inode.
    public let id: UInt64

    /// The group called `name` in `/proc/PID/cgroup`; `/` is the one that holds all others.
    public init(_ name: String) throws(BPFError) {
        let what = "open control group \(name)"
        guard let mount = try Self.mountPoint() else {
            throw BPFError(what, code: ENOENT, hint: "cgroup v2 is mounted nowhere")
        }
        let path = name == "/" ? mount : mount + name
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var information = stat()
        guard number >= 0, fstat(number, &information) == 0 else { throw .last(what) }
        descriptor = Descriptor(owning: number)
        id = UInt64(information.st_ino)
        self.path = path
    }

    /// Where the file system of control groups is mounted first, which is where people look.
    private static func mountPoint() throws(BPFError) -> String? {
        // proc(5): number, parent, device, root, mount point, options, tags, "-", type, source, options.
        for line in try TextFile.read("/proc/self/mountinfo").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields[dash + 1] == "cgroup2" else {
                continue
            }
            return String(fields[4]).replacing("\\040", with: " ")
        }
        return nil
    }
}

/// Where the kernel lets a program see, and change, what a process calls its socket's peer.
public enum SocketHook: String, CaseIterable, Sendable {
    case connect4, connect6, sendmsg4, sendmsg6, recvmsg4, recvmsg6, getpeername4, getpeername6

    var attachType: bpf_attach_type {
        switch self {
        case .connect4: BPF_CGROUP_INET4_CONNECT
        case .connect6: BPF_CGROUP_INET6_CONNECT
        case .sendmsg4: BPF_CGROUP_UDP4_SENDMSG
        case .sendmsg6: BPF_CGROUP_UDP6_SENDMSG
        case .recvmsg4: BPF_CGROUP_UDP4_RECVMSG
        case .recvmsg6: BPF_CGROUP_UDP6_RECVMSG
        case .getpeername4: BPF_CGROUP_INET4_GETPEERNAME
        case .getpeername6: BPF_CGROUP_INET6_GETPEERNAME
        }
    }
}
