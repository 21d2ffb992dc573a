internal import Glibc

/// What the kernel must allow this process so that it can load and attach programs.
public enum Capability: Int, Sendable, CaseIterable {
    case netAdmin = 12
    case sysAdmin = 21
    case perfmon = 38
    case bpf = 39

    public var name: String {
        switch self {
        case .netAdmin: "CAP_NET_ADMIN"
        case .sysAdmin: "CAP_SYS_ADMIN"
        case .perfmon: "CAP_PERFMON"
        case .bpf: "CAP_BPF"
        }
    }

    /// Those of `needed` that the process lacks; CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
    public static func missing(of needed: [Capability] = [.bpf, .netAdmin, .perfmon]) -> [Capability] {
        let effective = effectiveSet()
        return needed.filter { capability in
            let implied = capability == .bpf || capability == .perfmon ? capability.bit | sysAdmin.bit : capability.bit
            return effective & implied == 0
        }
    }

    private var bit: UInt64 { 1 << UInt64(rawValue) }

    private static func effectiveSet() -> UInt64 {
        guard let status = try? TextFile.read("/proc/self/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") })
        else { return 0 }
        return UInt64(line.dropFirst("CapEff:".count).drop(while: \.isWhitespace), radix: 16) ?? 0
    }
}
