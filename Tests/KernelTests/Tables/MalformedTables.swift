import Net
import Oracle
import Packets
import TestSupport
import Testing

/// What no honest sender makes is dropped as malformed, although a rule allows everything; its next of kin is let in.
@Suite(.enabled(if: isRoot), .serialized)
struct MalformedTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}}
        services:
          near:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/tcp, 1/udp]
            forward: direct
            backends: {near-4: {address: 10.0.0.11}, near-6: {address: "2001:db8:ff::11"}}
        policies:
          all: {from: any, to: any}
        """

    private static let tcp4 = hex("\(Wire.link4)\n\(Wire.tcp4("0001"))")
    private static let tcp6 = hex("\(Wire.link6)\n\(Wire.tcp6("0001"))")
    private static let udp4 = hex(
        "\(Wire.link4)\n45 00 002c 1234 4000 40 11 0000 cb007109 c000020a 9c40 0001 0018 0000 \(zeros(16))")

    private static func zeros(_ count: Int) -> String { String(repeating: "00", count: count) }

    /// What a frame has instead of what is right there: to the VIP, where the short way through the program leads, and
    /// to the node.
    private func refuse(
        _ node: KernelNode, _ frame: [UInt8], location: SourceLocation = #_sourceLocation,
        _ faults: (name: String, offset: Int, bytes: String)...
    ) throws {
        for fault in faults {
            let toVIP = frame.patched(fault.offset, fault.bytes)
            let toNode = (frame[12] == 0x08 ? frame.patched(30, "0a000501") : frame.patched(38, Self.node6))
                .patched(fault.offset, fault.bytes)
            try node.check(
                Case(fault.name, toVIP, .dropMalformed, location: location),
                Case("\(fault.name), to the node", toNode, .dropMalformed, location: location))
        }
    }

    private static let node6 = "20010db800fe00000000000000000001"

    @Test func cases() throws {
        try KernelNode.with { node in
            try ipv4(on: node)
            try ipv6(on: node)
            try transport(on: node)
            try flags(on: node)
            try addresses(on: node)
            try neighbourDiscovery(on: node)
        }
    }

    private func ipv4(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try refuse(
            node, Self.tcp4, ("version 6", 14, "65"), ("version 0", 14, "05"), ("header of 16 bytes", 14, "44"),
            ("header longer than the packet", 14, "4f"), ("total length shorter than the header", 16, "0013"),
            ("total length beyond the frame", 16, "0029"), ("TTL 0", 22, "00"))
        try node.check(
            Case("cut in the header", Array(Self.tcp4.prefix(33)), .dropMalformed),
            Case("nothing behind Ethernet", Array(Self.tcp4.prefix(14)), .dropMalformed),
            Case("TTL 1", Self.tcp4.patched(22, "01").patched(30, "0a000501"), .passAllowed, by: "all"))
    }

    private func ipv6(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try refuse(
            node, Self.tcp6, ("version 4", 14, "4b"), ("payload beyond the frame", 18, "0015"),
            ("hop limit 0", 21, "00"))
        try node.check(
            Case("cut in the header", Array(Self.tcp6.prefix(53)), .dropMalformed),
            Case("hop limit 1", Self.tcp6.patched(21, "01").patched(38, Self.node6), .passAllowed, by: "all"))
    }

    private func transport(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try refuse(
            node, Self.tcp4, ("TCP header cut", 16, "0027"), ("data offset 4", 46, "40"),
            ("data offset beyond the packet", 46, "60"))
        try refuse(
            node, Self.tcp6, ("TCP header cut", 18, "0013"), ("data offset 4", 66, "40"),
            ("data offset beyond the packet", 66, "60"))
        try refuse(
            node, Self.udp4, ("UDP header cut", 16, "001b"), ("UDP length 7", 38, "0007"),
            ("UDP length beyond the packet", 38, "0019"))
        try node.check(
            Case(
                "UDP length short of the packet", Self.udp4.patched(38, "0008").patched(30, "0a000501"),
                .passAllowed, by: "all"),
            Case("ICMP of 3 bytes", packet("203.0.113.9", "10.0.0.1", .raw(.icmp, [8, 0, 0])), .dropMalformed),
            Case(
                "echo of 7", packet("203.0.113.9", "10.0.0.1", .raw(.icmp, [8, 0, 0, 0, 0, 0, 0])), .dropMalformed),
            Case("ICMPv6 in IPv4", packet("203.0.113.9", "10.0.0.1", .ping6()), .dropMalformed),
            Case("ICMP in IPv6", packet("2001:db8:1::9", "2001:db8:ff::1", .ping()), .dropMalformed),
            Case(
                "SCTP of 11 bytes",
                packet("203.0.113.9", "10.0.0.1", .raw(.sctp, Array(repeating: 1, count: 11))), .dropMalformed))
    }

    private func flags(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try refuse(
            node, Self.tcp4, ("none", 47, "00"), ("none but those of ECN", 47, "c0"), ("SYN and FIN", 47, "03"),
            ("SYN, FIN and ACK", 47, "13"), ("SYN and RST", 47, "06"), ("FIN, PSH and URG", 47, "29"),
            ("all", 47, "ff"))
        try refuse(node, Self.tcp6, ("none", 67, "00"), ("SYN and FIN", 67, "03"), ("FIN, PSH and URG", 67, "29"))
        for flags in ["02", "12", "10", "18", "11", "04", "14", "39", "01", "20", "c2"] {
            let frame = Self.tcp4.patched(47, flags).patched(30, "0a000501")
            try node.check(Case("flags 0x\(flags)", frame, .passAllowed, by: "all"))
        }
    }

    private func addresses(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try refuse(
            node, Self.tcp4, ("from multicast", 26, "e0000001"), ("from loopback", 26, "7f000001"),
            ("from limited broadcast", 26, "ffffffff"), ("from the node", 26, "0a000001"),
            ("from the node's other address", 26, "0a000501"), ("to loopback", 30, "7f000001"),
            ("to its sender", 30, "cb007109"))
        try refuse(
            node, Self.tcp6, ("from multicast", 22, "ff020000000000000000000000000001"),
            ("from loopback", 22, "00000000000000000000000000000001"),
            ("from IPv4-mapped", 22, "00000000000000000000ffffcb007109"),
            ("from the node", 22, "20010db800ff00000000000000000001"),
            ("from the node's other address", 22, Self.node6),
            ("to loopback", 38, "00000000000000000000000000000001"),
            ("to IPv4-mapped", 38, "00000000000000000000ffff0a000001"),
            ("to its sender", 38, "20010db8000100000000000000000009"))
        for (name, source) in [
            ("unspecified", "00000000"), ("reserved", "f0000001"), ("broadcast of a net", "0a0000ff"),
        ] {
            let frame = Self.tcp4.patched(26, source).patched(30, "0a000501")
            try node.check(Case(name, frame, .passAllowed, by: "all"))
        }
        try node.check(
            Case(
                "IPv6 unspecified", Self.tcp6.patched(22, Self.zeros(16)).patched(38, Self.node6), .passAllowed,
                by: "all"))
    }

    private func neighbourDiscovery(on node: KernelNode) throws {
        let solicitation = hex(
            """
            3333ff000001 020000000201 86dd
            60000000 0018 3a ff 20010db800ff00000000000000000099 ff0200000000000000000001ff000001
            87 00 0000 00000000 20010db800ff00000000000000000001 // neighbour solicitation
            """)
        let advertisement = hex(
            """
            333300000001 020000000201 86dd
            60000000 0010 3a ff fe800000000000000000000000000099 ff020000000000000000000000000001
            86 00 0000 40 00 0708 00000000 00000000              // router advertisement
            """)
        let redirect = hex(
            """
            020000000101 020000000201 86dd
            60000000 0028 3a ff fe800000000000000000000000000099 20010db800ff00000000000000000001
            89 00 0000 00000000 \(Self.zeros(32))                 // redirect
            """)
        let fragment = hex(
            """
            3333ff000001 020000000201 86dd
            60000000 0020 2c ff 20010db800ff00000000000000000099 ff0200000000000000000001ff000001
            3a 00 0001 00004242                                  // fragment: the first of more
            87 00 0000 00000000 20010db800ff00000000000000000001
            """)
        let global = "20010db800ff00000000000000000099"
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("solicitation", solicitation, .passUpkeep),
            Case("solicitation from a distance", solicitation.patched(21, "fe"), .dropMalformed),
            Case("in fragments", fragment, .dropMalformed),
            Case("router advertisement", advertisement, .passUpkeep),
            Case("router advertisement from a distance", advertisement.patched(21, "fe"), .dropMalformed),
            Case("router advertisement from a global address", advertisement.patched(22, global), .dropMalformed),
            Case("redirect", redirect, .passUpkeep),
            Case("redirect from a global address", redirect.patched(22, global), .dropMalformed))
    }
}
