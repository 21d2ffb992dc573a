import Oracle
import TestSupport
import Testing

/// Marks of congestion that an outer header gathered on its way (RFC 6040, figure 4).
@Suite(.enabled(if: isRoot), .serialized)
struct CongestionTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {decapsulate: [ipip, gue, geneve, vxlan: {port: 8472}]}}
        policies:
          web: {from: any, to: node, ports: [80/tcp]}
        """

    @Test func cases() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy)
            try understood(on: node)
            try notUnderstood(on: node)
        }
    }

    private func understood(on node: KernelNode) throws {
        try node.check(
            Case(
                "ipip: CE on ECT(0)",
                hex(
                    """
                    \(Wire.link4)
                    4503003c00004000400425bd0a0000fe0a00000145ba0028123440003f06e2d7cb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45bb0028123440003f06e2d6cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "ipip: CE on ECT(1)",
                hex(
                    """
                    \(Wire.link4)
                    4503003c00004000400425bd0a0000fe0a00000145010028123440003f06e390cb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45030028123440003f06e38ecb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "ipip: CE on CE",
                hex(
                    """
                    \(Wire.link4)
                    4503003c00004000400425bd0a0000fe0a00000145030028123440003f06e38ecb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45030028123440003f06e38ecb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "ipip: ECT(1) on ECT(0)",
                hex(
                    """
                    \(Wire.link4)
                    4501003c00004000400425bf0a0000fe0a00000145020028123440003f06e38fcb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45010028123440003f06e390cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "ipip: not capable outside",
                hex(
                    """
                    \(Wire.link4)
                    4500003c00004000400425c00a0000fe0a00000145020028123440003f06e38fcb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45020028123440003f06e38fcb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "ipip: another DSCP outside",
                hex(
                    """
                    \(Wire.link4)
                    45b8003c00004000400425080a0000fe0a00000145020028123440003f06e38fcb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link4)
                    45020028123440003f06e38fcb0071090a0000019c40005000000001000000005002ffffcd460000
                    """)),
            Case(
                "GUE: CE on ECT(0), 6 in 6",
                hex(
                    """
                    \(Wire.link6)
                    603000000048114020010db800ff000000000000000000fe20010db800ff00000000000000000001c35017c000
                    480000002900006ba000000014063f20010db800010000000000000000000920010db800ff0000000000000000
                    00019c40005000000001000000005002ffffb6d50000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link6)
                    6bb000000014063f20010db800010000000000000000000920010db800ff000000000000000000019c40005000
                    000001000000005002ffffb6d50000
                    """)),
            Case(
                "VXLAN: CE on ECT(1), 6 in 4",
                hex(
                    """
                    \(Wire.link4)
                    45bb006e00004000401124c60a0000fe0a000001c3502118005a000008000000001388000200000000aa020000
                    0000bb86dd601000000014063f20010db800010000000000000000000920010db800ff00000000000000000001
                    9c40005000000001000000005002ffffb6d50000
                    """), .passAllowed, by: "web",
                out: hex(
                    """
                    \(Wire.link6)
                    603000000014063f20010db800010000000000000000000920010db800ff000000000000000000019c40005000
                    000001000000005002ffffb6d50000
                    """)))
    }

    private func notUnderstood(on node: KernelNode) throws {
        try node.check(
            Case(
                "ipip",
                hex(
                    """
                    \(Wire.link4)
                    4503003c00004000400425bd0a0000fe0a00000145000028123440003f06e391cb0071090a0000019c40005000
                    000001000000005002ffffcd460000
                    """), .dropTunnelECN),
            Case(
                "GUE",
                hex(
                    """
                    \(Wire.link4)
                    4503004800004000401125a40a0000fe0a000001c35017c0003400000004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnelECN),
            Case(
                "Geneve, 6 in 6",
                hex(
                    """
                    \(Wire.link6)
                    60300000005a114020010db800ff000000000000000000fe20010db800ff00000000000000000001c35017c100
                    5a000000006558000007000200000000aa0200000000bb86dd600000000014063f20010db80001000000000000
                    0000000920010db800ff000000000000000000019c40005000000001000000005002ffffb6d50000
                    """), .dropTunnelECN))
    }
}
