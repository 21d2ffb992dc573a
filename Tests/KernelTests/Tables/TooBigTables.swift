import Oracle
import Packets
import TestSupport
import Testing

/// A packet that does not fit its tunnel is dropped, and its sender told what would.
@Suite(.enabled(if: isRoot), .serialized)
struct TooBigTables {
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
            vips: [192.0.2.10]
            ports: [3/tcp]
            forward: ipip
            backends: {far-4: {address: 10.0.5.11}}
          far6:
            vips: ["2001:db8::10"]
            ports: [4/tcp]
            forward: ipip
            backends: {far-6: {address: "2001:db8:fe::11"}}
          direct:
            vips: [192.0.2.10]
            ports: [8/tcp]
            forward: direct
            backends: {direct-4: {address: 10.0.0.11}}
        policies:
          all: {from: any, to: any}
        """

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
    private static let tcp = "00000001 00000002 50 10 ffff 0000 0000"

    @Test func cases() throws {
        try KernelNode.with { node in
            try ipv4(on: node)
            try ipv6(on: node)
            try silence(on: node)
        }
    }

    private func ipv4(on node: KernelNode) throws {
        let link = "020000000201 020000000101 0800                     // back to the router"
        let answer = """
            45 00 0038 0000 0000 40 01 7cb1 c000020a cb007109 // IPv4: 56 bytes, ICMP from the VIP, may be fragmented
            """
        let header = "45 00 05c9 1234 4000 40 06 24e7 cb007109 c000020a // IPv4: 1481 bytes, DF"
        let near = hex("\(Wire.link4)\n\(header)\n9c40 0001 \(Self.tcp)") + Self.zeros(1441)
        let farHeader = "45 00 0565 1234 4000 40 06 254b cb007109 c000020a // IPv4: 1381 bytes, DF"
        let far = hex("\(Wire.link4)\n\(farHeader)\n9c40 0003 \(Self.tcp)") + Self.zeros(1341)
        let options = "46 b9 05c9 1234 4000 40 06 212d cb007109 c000020a 01010100 // IPv4: options"
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "to the interface's MTU", near, .dropTooBig, by: "all", for: "near/near-4",
                out: hex(
                    """
                    \(link)
                    \(answer)
                    03 04 5af1 0000 05c8 // fragmentation needed, MTU 1480: 1500 without the outer header
                    \(header)
                    9c40 0001 00000001   // eight bytes of TCP
                    """)),
            Case(
                "to another interface's MTU", far, .dropTooBig, by: "all", for: "far/far-4",
                out: hex(
                    """
                    \(link)
                    \(answer)
                    03 04 5b53 0000 0564 // MTU 1380
                    \(farHeader)
                    9c40 0003 00000001
                    """)),
            Case(
                "in a VLAN",
                hex("020000000101 020000000201 8100 0064 0800") + near.dropFirst(14), .dropTooBig, by: "all",
                for: "near/near-4",
                out: hex(
                    """
                    020000000201 020000000101 8100 0064 0800
                    \(answer)
                    03 04 5af1 0000 05c8
                    \(header)
                    9c40 0001 00000001
                    """)),
            Case(
                "with options", hex("\(Wire.link4)\n\(options)\n9c40 0001 \(Self.tcp)") + Self.zeros(1437),
                .dropTooBig, by: "all", for: "near/near-4",
                out: hex(
                    """
                    \(link)
                    45 00 003c 0000 0000 40 01 7cad c000020a cb007109 // IPv4: 60 bytes
                    03 04 5af1 0000 05c8
                    \(options)
                    9c40 0001 00000001
                    """)))

        // One byte less fits, and layer 2 has the interface to itself.
        let fits = Array(near.patched(16, "05c8").dropLast())
        try node.check(
            Case(
                "fits", fits, .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 05dc 0000 4000 40 04 2113 0a000001 0a00000b // 1500 bytes
                    """) + fits.dropFirst(14)),
            Case(
                "fits without a tunnel", near.patched(36, "0008"), .txForwarded, by: "all", for: "direct/direct-4",
                out: hex("020000000011 020000000101 0800") + near.patched(36, "0008").dropFirst(14)))
    }

    private func ipv6(on node: KernelNode) throws {
        let link = "020000000201 020000000101 86dd                     // back to the router"
        let addresses = "20010db8000100000000000000000009 20010db8000000000000000000000010"
        let answer = """
            60000000 0208 3a 40                                // IPv6: 520 bytes, ICMPv6 from the VIP
            20010db8000000000000000000000010 20010db8000100000000000000000009
            """
        let near = hex("60000000 05a1 06 40 \(addresses) 9c40 0001 \(Self.tcp)") + Self.zeros(1421)
        let far = hex("60000000 0529 06 40 \(addresses) 9c40 0004 \(Self.tcp)") + Self.zeros(1301)
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "to the interface's MTU", hex(Wire.link6) + near, .dropTooBig, by: "all", for: "near/near-4",
                out: hex(
                    """
                    \(link)
                    \(answer)
                    02 00 e6a6 000005c8 // packet too big, MTU 1480; 512 bytes of the packet follow
                    """) + near.prefix(512)),
            Case(
                "to another interface's MTU", hex(Wire.link6) + far, .dropTooBig, by: "all", for: "far6/far-6",
                out: hex(
                    """
                    \(link)
                    \(answer)
                    02 00 e793 00000550 // MTU 1360
                    """) + far.prefix(512)))
    }

    /// Nobody is told about an ICMP error or a later fragment (RFC 1122, section 3.2.2).
    private func silence(on node: KernelNode) throws {
        let first = hex(
            "\(Wire.link4)\n45 00 0030 4242 2000 40 06 0000 cb007109 c000020a 9c40 0001 \(Self.tcp) 0000000000000000")
        let later = hex("\(Wire.link4)\n45 00 05c9 4242 0003 40 06 0000 cb007109 c000020a") + Self.zeros(1461)
        let error =
            hex(
                """
                \(Wire.link4)
                45 00 05c9 0000 0000 40 01 0000 c63364fe c000020a
                03 04 0000 0000 0578
                45 00 0028 0000 4000 40 06 3cbc c000020a cb007109 0001 9c40 00000001
                """) + Self.zeros(1425)
        try node.publish(yaml: Self.policy)
        let out = hex(
            """
            020000000011 020000000101 0800
            45 00 0044 0000 4000 40 04 26ab 0a000001 0a00000b
            """)
        try node.check(
            Case(
                "first fragment", first, .txForwarded, by: "all", for: "near/near-4", out: out + first.dropFirst(14)
            ),
            Case("later fragment", later, .dropTooBig, by: "all", for: "near/near-4"),
            Case("error", error, .dropTooBig, by: "all", for: "near/near-4"))
    }
}
