/// An IP protocol number (IANA "Assigned Internet Protocol Numbers").
public struct IPProtocol: Hashable, Sendable {
    public let number: UInt8

    public init(_ number: UInt8) { self.number = number }

    public static let icmp = IPProtocol(1)
    public static let ipip = IPProtocol(4)
    public static let tcp = IPProtocol(6)
    public static let udp = IPProtocol(17)
    public static let ipv6 = IPProtocol(41)
    public static let gre = IPProtocol(47)
    public static let esp = IPProtocol(50)
    public static let ah = IPProtocol(51)
    public static let icmpv6 = IPProtocol(58)
    public static let sctp = IPProtocol(132)

    private static let names: [(String, IPProtocol)] = [
        ("icmp", .icmp), ("tcp", .tcp), ("udp", .udp), ("gre", .gre), ("esp", .esp), ("ah", .ah),
        ("icmpv6", .icmpv6), ("sctp", .sctp),
    ]

    /// All names that the file accepts in place of `ip/NUMBER`.
    public static var knownNames: [String] { names.map(\.0) }

    /// By name only (`tcp`), not by number.
    public init?(name: some StringProtocol) {
        guard let known = Self.names.first(where: { $0.0 == name }) else { return nil }
        self = known.1
    }

    /// TCP, UDP and SCTP.
    public var hasPorts: Bool { self == .tcp || self == .udp || self == .sctp }
    /// ICMP and ICMPv6.
    public var isICMP: Bool { self == .icmp || self == .icmpv6 }
}

extension IPProtocol: Comparable {
    public static func < (left: IPProtocol, right: IPProtocol) -> Bool { left.number < right.number }
}

extension IPProtocol: CustomStringConvertible {
    /// The name where the file has one, else `ip/NUMBER`.
    public var description: String { Self.names.first { $0.1 == self }?.0 ?? "ip/\(number)" }
}
