/// The names that nftables gives to ICMP and ICMPv6 types (`nft describe icmp type`, `nft describe icmpv6 type`).
public enum ICMPType {
    private static let icmp: [(String, UInt8)] = [
        ("echo-reply", 0), ("destination-unreachable", 3), ("source-quench", 4), ("redirect", 5),
        ("echo-request", 8), ("router-advertisement", 9), ("router-solicitation", 10), ("time-exceeded", 11),
        ("parameter-problem", 12), ("timestamp-request", 13), ("timestamp-reply", 14), ("info-request", 15),
        ("info-reply", 16), ("address-mask-request", 17), ("address-mask-reply", 18),
    ]
    private static let icmpv6: [(String, UInt8)] = [
        ("destination-unreachable", 1), ("packet-too-big", 2), ("time-exceeded", 3), ("parameter-problem", 4),
        ("echo-request", 128), ("echo-reply", 129), ("mld-listener-query", 130), ("mld-listener-report", 131),
        ("mld-listener-done", 132), ("mld-listener-reduction", 132), ("nd-router-solicit", 133),
        ("nd-router-advert", 134), ("nd-neighbor-solicit", 135), ("nd-neighbor-advert", 136), ("nd-redirect", 137),
        ("router-renumbering", 138), ("ind-neighbor-solicit", 141), ("ind-neighbor-advert", 142),
        ("mld2-listener-report", 143),
    ]

    private static func table(_ ipProtocol: IPProtocol) -> [(String, UInt8)] {
        ipProtocol == .icmp ? icmp : ipProtocol == .icmpv6 ? icmpv6 : []
    }

    /// Every accepted name for the protocol's types, for hints.
    public static func names(_ ipProtocol: IPProtocol) -> [String] { table(ipProtocol).map(\.0) }

    public static func number(of name: some StringProtocol, _ ipProtocol: IPProtocol) -> UInt8? {
        table(ipProtocol).first { $0.0 == name }?.1
    }

    public static func name(of type: UInt8, _ ipProtocol: IPProtocol) -> String? {
        table(ipProtocol).first { $0.1 == type }?.0
    }
}
