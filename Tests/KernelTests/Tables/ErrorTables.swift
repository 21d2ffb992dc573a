import Oracle
import Packets
import TestSupport
import Testing

/// ICMP errors about balanced flows, on their way to the backend that has the flow.
@Suite(.enabled(if: isRoot), .serialized)
struct ErrorTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}}
        identities:
          clients: {cidrs: [203.0.113.0/24, "2001:db8:1::/48"], except: [203.0.113.200]}
        services:
          near:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/tcp]
            forward: ipip
            backends: {near-4: {address: 10.0.0.11}}
          other:
            vips: [192.0.2.10]
            ports: [5/tcp]
            forward: ipip
            backends: {other-4: {address: 10.0.0.12}}
          own:
            vips: [10.0.5.1]
            ports: [1/tcp]
            forward: ipip
            backends: {own-4: {address: 10.0.0.12}}
        policies:
          clients: {from: clients, to: [near, other, own]}
        """

    // From 198.51.100.254, a router that no rule allows.
    private static let short = """
        45 00 0038 0000 0000 40 01 8d89 c63364fe c000020a // IPv4: ICMP to the VIP
        03 04 5b41 0000 0578                              // fragmentation needed, MTU 1400
        45 00 0028 0000 4000 40 06 3cbc c000020a cb007109 // quote: from the VIP to the client
        0001 9c40 00000001                                // its ports and sequence number: eight bytes
        """
    private static let full = """
        45 00 0044 0000 0000 40 01 8d7d c63364fe c000020a
        03 04 0b27 0000 0578
        45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
        0001 9c40 00000001 00000002 50 18 ffff 0000 0000  // the whole TCP header
        """

    @Test func cases() throws {
        try KernelNode.with { node in
            try ipv4(on: node)
            try ipv6(on: node)
            try vipOfTheNode(on: node)
        }
    }

    private func ipv4(on node: KernelNode) throws {
        let (short, full) = (hex("\(Wire.link4)\n\(Self.short)"), hex("\(Wire.link4)\n\(Self.full)"))
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "a quote of eight bytes", short, .txForwarded, by: "clients", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 004c 0000 4000 40 04 26a3 0a000001 0a00000b // 76 bytes
                    \(Self.short)
                    """)),
            Case(
                "a quote of the whole header", full, .txForwarded, by: "clients", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 0058 0000 4000 40 04 2697 0a000001 0a00000b // 88 bytes
                    \(Self.full)
                    """)),
            Case(
                "time exceeded", short.patched(34, "0b00"), .txForwarded, by: "clients", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 004c 0000 4000 40 04 26a3 0a000001 0a00000b
                    """) + short.patched(34, "0b00").dropFirst(14)),
            Case(
                "about another service", short.patched(62, "0005"), .txForwarded, by: "clients", for: "other/other-4",
                out: hex(
                    """
                    020000000012 020000000101 0800
                    45 00 004c 0000 4000 40 04 26a2 0a000001 0a00000c
                    """) + short.patched(62, "0005").dropFirst(14)),
            Case(
                "about a client that is not allowed", short.patched(61, "c8"), .dropDefault, by: "default",
                for: "near"),
            Case("about a port of no service", short.patched(62, "0002"), .dropNoService),
            Case("about UDP", short.patched(51, "11"), .dropNoService),
            Case("about what another address sent", short.patched(57, "0b"), .dropMalformed),
            Case("about the node as a client", short.patched(58, "0a000001"), .dropMalformed),
            Case("about a later fragment", short.patched(48, "0001"), .dropMalformed),
            Case("a quote of seven bytes", short.patched(16, "0037"), .dropMalformed),
            Case("no quote", short.patched(16, "001c"), .dropMalformed),
            Case("a quote of IPv6", short.patched(42, "65"), .dropMalformed),
            Case("itself in fragments", short.patched(20, "2000"), .dropFragment),
            Case("redirect is none", short.patched(34, "0501"), .dropNoService))
    }

    private func ipv6(on node: KernelNode) throws {
        let packet = """
            60000000 0038 3a 40 20010db8000700000000000000fe0000 20010db8000000000000000000000010
            02 00 0000 00000500                                 // packet too big, MTU 1280
            60000000 0014 06 40 20010db8000000000000000000000010 20010db8000100000000000000000009
            0001 9c40 00000001                                  // quote: eight bytes of TCP
            """
        let frame = hex("\(Wire.link6)\n\(packet)")
        try node.publish(yaml: Self.policy)
        try node.check(
            Case(
                "packet too big", frame, .txForwarded, by: "clients", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 0074 0000 4000 40 29 2656 0a000001 0a00000b // 116 bytes
                    \(packet)
                    """)),
            Case(
                "about a client that is not allowed", frame.patched(86, "20010db80002"), .dropDefault,
                by: "default", for: "near"),
            Case("about a port of no service", frame.patched(102, "0002"), .dropNoService),
            Case("about what another address sent", frame.patched(85, "11"), .dropMalformed),
            Case("a quote of seven bytes", frame.patched(18, "0037"), .dropMalformed))
    }

    /// What is about no service's flow is the node's, where the VIP is the node's as well.
    private func vipOfTheNode(on node: KernelNode) throws {
        let about = hex("\(Wire.link4)\n\(Self.short)").patched(30, "0a000501").patched(54, "0a000501")
        try node.publish(
            yaml: Self.policy + "\n  router: {from: {cidr: 198.51.100.0/24}, to: node, ports: [icmp/3/4]}")
        try node.check(
            Case(
                "about the service", about, .txForwarded, by: "clients", for: "own/own-4",
                out: hex(
                    """
                    020000000012 020000000101 0800
                    45 00 004c 0000 4000 40 04 26a2 0a000001 0a00000c
                    """) + about.dropFirst(14)),
            Case("about something else", about.patched(62, "0002"), .passAllowed, by: "router"),
            Case("without a quote", about.patched(16, "001c"), .passAllowed, by: "router"),
            Case("in fragments", about.patched(20, "2000"), .passAllowed, by: "router"))
    }
}
