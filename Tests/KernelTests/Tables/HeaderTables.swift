import Oracle
import TestSupport
import Testing

/// What may stand before the transport header: VLAN tags, IPv4 options, IPv6 extension headers.
@Suite(.enabled(if: isRoot), .serialized)
struct HeaderTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}, far: {}}
        services:
          near:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/tcp]
            forward: ipip
            backends: {near-4: {address: 10.0.0.11}}
          far:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [3/tcp]
            forward: ipip
            backends: {far-4: {address: 10.0.5.11}}
          direct:
            vips: [192.0.2.10]
            ports: [8/tcp]
            forward: direct
            backends: {direct-4: {address: 10.0.0.11}}
        policies:
          all: {from: any, to: any}
        """

    @Test func cases() throws {
        try KernelNode.with { node in
            try tags(on: node)
            try options(on: node)
            try extensionHeaders(on: node)
        }
    }

    // MARK: VLAN tags

    private func tags(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "one stays on the link it came from",
                hex("020000000101 020000000201 8100 6064 0800\n\(Wire.tcp4("0001"))"),
                .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 8100 6064 0800 // priority 3, VLAN 100
                    45 b9 003c 0000 4000 40 04 25fa 0a000001 0a00000b
                    \(Wire.tcp4("0001"))
                    """)),
            Case(
                "two stay in order",
                hex("020000000101 020000000201 88a8 000a 8100 0064 86dd\n\(Wire.tcp6("0001"))"),
                .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 88a8 000a 8100 0064 0800 // outer VLAN 10, inner VLAN 100, now IPv4
                    45 b9 0050 0000 4000 40 29 25c1 0a000001 0a00000b
                    \(Wire.tcp6("0001"))
                    """)),
            Case(
                "also where nothing is put in front",
                hex("020000000101 020000000201 8100 0064 0800\n\(Wire.tcp4("0008"))"),
                .txForwarded, by: "all", for: "direct/direct-4",
                out: hex("020000000011 020000000101 8100 0064 0800\n\(Wire.tcp4("0008"))")),
            Case(
                "none goes to another link",
                hex("020000000101 020000000201 88a8 000a 8100 0064 0800\n\(Wire.tcp4("0003"))"),
                .redirectForwarded, by: "all", for: "far/far-4",
                out: hex(
                    """
                    020000000511 020000000501 0800
                    45 b9 003c 0000 4000 40 04 20fa 0a000001 0a00050b
                    \(Wire.tcp4("0003"))
                    """)),
            Case(
                "three are no IP",
                hex("020000000101 020000000201 8100 0001 8100 0002 8100 0003 0800\n\(Wire.tcp4("0001"))"),
                .dropNotIP),
            Case("cut in the tag", hex("020000000101 020000000201 8100 0001"), .dropMalformed))
    }

    // MARK: IPv4 options

    private func options(on node: KernelNode) throws {
        let tcp = "9c40 0001 00000001 00000002 50 10 ffff 0000 0000"
        let packet = """
            46 b9 002c 1234 4000 40 06 26ca cb007109 c000020a // IPv4: header of 24 bytes
            01 01 01 00                                       // three no-operations, end of options
            \(tcp)
            """
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "are the inner header's", hex("\(Wire.link4)\n\(packet)"), .txForwarded, by: "all",
                for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 b9 0040 0000 4000 40 04 25f6 0a000001 0a00000b // 64 bytes, no options
                    \(packet)
                    """)),
            Case(
                "as many as there can be",
                hex(
                    """
                    \(Wire.link4)
                    4f 00 0050 1234 4000 40 06 0000 cb007109 c000020a // IPv4: header of 60 bytes
                    01010101 01010101 01010101 01010101 01010101
                    01010101 01010101 01010101 01010101 01010100
                    9c40 0009 00000001 00000002 50 10 ffff 0000 0000  // the port of no service
                    """), .dropNoService))
    }

    // MARK: IPv6 extension headers

    /// From the client to the VIP, with `payload` behind the fixed header.
    private static func packet6(_ length: String, _ next: String, _ payload: String) -> String {
        """
        60000000 \(length) \(next) 40
        20010db8000100000000000000000009 20010db8000000000000000000000010
        \(payload)
        """
    }

    private static let tcp = "9c40 0001 00000001 00000002 50 10 ffff 0000 0000"

    private func extensionHeaders(on node: KernelNode) throws {
        let mixed = Self.packet6(
            "003c", "00",
            """
            2b 00 0104 00000000                 // hop-by-hop options: padding; routing follows
            2c 01 0000 00000000 0000000000000000 // routing: 16 bytes, no segments left; fragment follows
            3c 00 0000 00004242                 // atomic fragment; destination options follow
            06 00 0104 00000000                 // destination options: padding; TCP follows
            \(Self.tcp)
            """)
        let six = Self.packet6(
            "0044", "3c", String(repeating: "3c 00 0104 00000000 ", count: 5) + "06 00 0104 00000000 \(Self.tcp)")
        let seven = Self.packet6(
            "004c", "3c", String(repeating: "3c 00 0104 00000000 ", count: 6) + "06 00 0104 00000000 \(Self.tcp)")
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "are walked up to TCP", hex("\(Wire.link6)\n\(mixed)"), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 0078 0000 4000 40 29 2652 0a000001 0a00000b // 120 bytes
                    \(mixed)
                    """)),
            Case(
                "six of them", hex("\(Wire.link6)\n\(six)"), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 0080 0000 4000 40 29 264a 0a000001 0a00000b // 128 bytes
                    \(six)
                    """)),
            Case("seven of them", hex("\(Wire.link6)\n\(seven)"), .dropMalformed),
            Case(
                "longer than the packet",
                hex("\(Wire.link6)\n\(Self.packet6("001c", "3c", "06 09 0104 00000000 \(Self.tcp)"))"),
                .dropMalformed),
            Case(
                "cut", hex("\(Wire.link6)\n\(Self.packet6("0004", "3c", "06 00 0104"))"), .dropMalformed),
            Case(
                "two fragment headers",
                hex(
                    """
                    \(Wire.link6)
                    \(Self.packet6("0024", "2c", "2c 00 0001 00004242 06 00 0001 00004242 \(Self.tcp)"))
                    """),
                .dropMalformed),
            Case(
                "no next header", hex("\(Wire.link6)\n\(Self.packet6("0000", "3b", ""))"), .dropNoService))
    }
}
