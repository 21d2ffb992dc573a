internal import CLibbpf
internal import Glibc
internal import Synchronization

/// Something that a kernel has or lacks, found out by trying it: distributions backport, so versions do not tell.
public struct Feature: Sendable, Hashable {
    public let name: String
    /// The first version of Linux that has it, for people.
    public let since: String
    private let probe: @Sendable () -> Bool

    public init(_ name: String, since: String, probe: @escaping @Sendable () -> Bool) {
        self.name = name
        self.since = since
        self.probe = probe
    }

    /// Whether the kernel has it; asked once.
    public var isAvailable: Bool {
        if let known = Self.known.withLock({ $0[self] }) { return known }
        LibbpfLog.silence()
        let answer = probe()
        Self.known.withLock { $0[self] = answer }
        return answer
    }

    private static let known = Mutex<[Feature: Bool]>([:])

    public static func == (a: Feature, b: Feature) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Feature {
    /// The kernel's type information: needed for names and variables.
    public static let btf = Feature("BTF", since: "5.4") { access("/sys/kernel/btf/vmlinux", R_OK) == 0 }

    public static let xdp = Feature("XDP", since: "4.8") { libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, nil) == 1 }

    public static let trafficControl = Feature("traffic control programs", since: "4.1") {
        libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, nil) == 1
    }

    public static let socketNames = Feature("control group programs for sockets", since: "4.17") {
        libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, nil) == 1
    }

    public static let ringBuffer = Feature("ring buffer", since: "5.8") {
        libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nil) == 1
    }

    public static let loop = Feature("bpf_loop", since: "5.17") {
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_loop, nil) == 1
    }

    public static let mappableArrays = Feature("arrays mapped into memory", since: "5.5") {
        let map = try? MapHandle.create(
            .array, name: "probe", keySize: 4, valueSize: 8, maxEntries: 1, flags: .mappable)
        return map != nil
    }

    public static let jiffies = Feature("bpf_jiffies64", since: "5.6") {
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_jiffies64, nil) == 1
    }

    public static let readFIB = Feature("bpf_fib_lookup", since: "4.18") {
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_fib_lookup, nil) == 1
    }

    /// Links for traffic control programs.
    public static let tcx = Feature("tcx links", since: "6.6") {
        // No interface has this index: a kernel with tcx misses it, one without does not know the attach type.
        guard let program = try? Program.minimal(kind: BPF_PROG_TYPE_SCHED_CLS) else { return false }
        return bpf_link_create(program.descriptor.rawValue, Int32.max, bpf_attach_type(rawValue: 46), nil) == -ENODEV
    }

    /// Links for XDP programs.
    public static let xdpLinks = Feature("XDP links", since: "5.9") {
        guard let program = try? Program.minimal(kind: BPF_PROG_TYPE_XDP) else { return false }
        // The loopback, number 1 everywhere, has no driver that could: a kernel with links says so.
        do {
            _ = try Link.attachXDP(program, interfaceIndex: 1, mode: .native)
            return true
        } catch {
            return (error as? BPFError)?.code == EOPNOTSUPP
        }
    }

    /// Test runs whose packets are really sent.
    public static let liveFrames = Feature("live frames in test runs", since: "5.18") {
        guard let program = try? Program.minimal(kind: BPF_PROG_TYPE_XDP) else { return false }
        var test = TestRun(packet: [UInt8](repeating: 0, count: 64))
        test.liveFrames = true
        return (try? program.run(test)) != nil
    }

    /// Whether the driver of an interface runs XDP programs itself. Nothing stays attached; EBUSY, where something else
    /// is attached, counts as yes only if that is in native mode.
    public static func nativeXDP(onInterface index: UInt32) -> Bool {
        if let present = try? XDPAttachment(ofInterface: index), !present.programIDs.isEmpty {
            return present.nativeProgramID != nil
        }
        guard let program = try? Program.minimal(kind: BPF_PROG_TYPE_XDP) else { return false }
        let link = try? Link.attachXDP(program, interfaceIndex: index, mode: .native)
        return link != nil
    }
}

extension Program {
    /// Returns 2: pass for XDP, drop for traffic control, which never attaches it.
    static func minimal(kind: bpf_prog_type) throws(BPFError) -> Program {
        LibbpfLog.silence()
        // r0 = 2; exit
        let instructions = [
            bpf_insn(code: 0xb7, dst_reg: 0, src_reg: 0, off: 0, imm: 2),
            bpf_insn(code: 0x95, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
        ]
        let descriptor = try call("load a minimal program") {
            bpf_prog_load(kind, "probe", "GPL", instructions, instructions.count, nil)
        }
        return try Program(Descriptor(owning: descriptor))
    }
}
