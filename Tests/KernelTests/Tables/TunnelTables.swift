import Oracle
import Packets
import TestSupport
import Testing

/// The backend's side: outer headers that come off, and what becomes of the packet inside.
@Suite(.enabled(if: isRoot), .serialized)
struct TunnelTables {
    private static func policy(_ interface: String = "{decapsulate: [ipip]}") -> String {
        """
        version: 1
        interfaces: {nic: \(interface)}
        services:
          shop:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [443/tcp]
            forward: ipip
            backends: {one: {address: 10.0.0.11}}
        policies:
          web: {from: any, to: node, ports: [80/tcp]}
          no-ssh: {from: any, to: node, ports: [22/tcp], action: deny}
          no-tunnel: {from: {cidr: 10.0.0.66}, to: node, ports: [ip/4], action: deny}
        """
    }

    // From 10.0.0.254 or 2001:db8:ff::fe, the balancer.
    private static let outer4 = "45 00 003c 0000 4000 40 04 25c0 0a0000fe 0a000001 // 60 bytes, IPv4 inside"
    private static let outer46 = "45 00 0050 0000 4000 40 29 2587 0a0000fe 0a000001 // 80 bytes, IPv6 inside"
    private static func outer6(_ length: String, _ inside: String) -> String {
        "60000000 \(length) \(inside) 40 20010db800ff000000000000000000fe 20010db800ff00000000000000000001"
    }

    private static let inner4 = """
        45 00 0028 1234 4000 3f 06 e391 cb007109 0a000001 // from the client to the node, TTL 63
        9c40 0050 00000001 00000000 50 02 ffff 0000 0000  // TCP: SYN to port 80
        """
    private static let inner6 = """
        60000000 0014 06 3f 20010db8000100000000000000000009 20010db800ff00000000000000000001
        9c40 0050 00000001 00000000 50 02 ffff 0000 0000
        """

    private static let both4 = hex("\(Wire.link4)\n\(outer4)\n\(inner4)")

    @Test func cases() throws {
        try KernelNode.with { node in
            try outerHeadersComeOff(on: node)
            try innerPacketsAreJudged(on: node)
            try tunnelsThatDoNotEndHere(on: node)
        }
    }

    private func outerHeadersComeOff(on node: KernelNode) throws {
        let (link4, link6) = (Wire.link4, Wire.link6)
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "4in4", Self.both4, .passAllowed, by: "web", out: hex("\(link4)\n\(Self.inner4)")),
            Case(
                "6in4", hex("\(link4)\n\(Self.outer46)\n\(Self.inner6)"), .passAllowed, by: "web",
                out: hex("\(link6)\n\(Self.inner6)")),
            Case(
                "4in6", hex("\(link6)\n\(Self.outer6("0028", "04"))\n\(Self.inner4)"), .passAllowed, by: "web",
                out: hex("\(link4)\n\(Self.inner4)")),
            Case(
                "6in6", hex("\(link6)\n\(Self.outer6("003c", "29"))\n\(Self.inner6)"), .passAllowed, by: "web",
                out: hex("\(link6)\n\(Self.inner6)")),
            Case(
                "to the node's other address", Self.both4.patched(30, "0a000501"), .passAllowed, by: "web",
                out: hex("\(link4)\n\(Self.inner4)")),
            Case(
                "in a VLAN, with padding",
                hex("020000000101 020000000201 8100 0064 0800\n\(Self.outer46)\n\(Self.inner6)\n000000"),
                .passAllowed, by: "web",
                out: hex("020000000101 020000000201 8100 0064 86dd\n\(Self.inner6)\n000000")))
    }

    private func innerPacketsAreJudged(on node: KernelNode) throws {
        let nested = hex(
            """
            \(Wire.link4)
            45 00 0050 0000 4000 40 04 25ac 0a0000fe 0a000001 // 80 bytes
            \(Self.outer4)
            \(Self.inner4)
            """)
        let solicitation = hex(
            """
            \(Wire.link6)
            \(Self.outer6("0040", "29"))
            60000000 0018 3a ff 20010db800ff00000000000000000099 20010db800ff00000000000000000001
            87 00 0000 00000000 20010db800ff00000000000000000001
            """)
        try node.publish(yaml: Self.policy())
        try node.check(
            Case("denied", Self.both4.patched(56, "0016"), .dropPolicy, by: "no-ssh"),
            Case("not allowed", Self.both4.patched(56, "0051"), .dropDefault, by: "default"),
            Case(
                "to a VIP: never balanced again", Self.both4.patched(50, "c000020a").patched(56, "01bb"),
                .dropNoService),
            Case("in another tunnel", nested, .dropDefault, by: "default"),
            Case("upkeep of no link of ours", solicitation, .dropTunnel),
            Case("from the node", Self.both4.patched(46, "0a000501"), .dropMalformed),
            Case("TTL 0", Self.both4.patched(42, "00"), .dropMalformed),
            Case("length beyond the tunnel", Self.both4.patched(36, "0029"), .dropMalformed),
            Case("impossible flags", Self.both4.patched(67, "03"), .dropMalformed))
    }

    private func tunnelsThatDoNotEndHere(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        try node.check(
            Case("to somebody else", Self.both4.patched(30, "0a090909"), .dropDefault, by: "default"),
            Case("denied", Self.both4.patched(26, "0a000042"), .dropPolicy, by: "no-tunnel"),
            Case("in fragments", Self.both4.patched(20, "2000"), .dropTunnel),
            Case("garbage inside", Self.both4.patched(34, "ff"), .dropTunnel),
            Case("IPv6 inside that says IPv4", Self.both4.patched(34, "60"), .dropTunnel),
            Case("IPv4 inside that says IPv6", Self.both4.patched(23, "29"), .dropTunnel),
            Case("nothing inside", Self.both4.patched(16, "0014"), .dropTunnel),
            Case("a cut header inside", Self.both4.patched(16, "0027"), .dropMalformed),
            Case("from the node", Self.both4.patched(26, "0a000501"), .dropMalformed))

        try node.publish(yaml: Self.policy("{}"))
        try node.check(Case("where none end", Self.both4, .dropDefault, by: "default"))
    }
}
