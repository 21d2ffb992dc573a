import Oracle
import TestSupport
import Testing

/// What comes to a tunnel's end and is not let out of it: what is no proper tunnel packet, and other networks' packets.
@Suite(.enabled(if: isRoot), .serialized)
struct UDPTunnelRefusalTables {
    @Test func cases() throws {
        try KernelNode.with { node in
            try node.publish(yaml: UDPTunnelEndTables.policy)
            try whatIsNoTunnelPacket(on: node)
            try otherNetworks(on: node)
        }
    }

    private func whatIsNoTunnelPacket(on node: KernelNode) throws {
        try node.check(
            Case(
                "GUE control message",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0003400002004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE variant 2",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0003400008004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE variant 3",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c000340000c004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE with fields",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0003400000104000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE with flags",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0003400000004000145000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE with another protocol",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0003400000011000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE with IPv6 that says IPv4",
                hex(
                    """
                    \(Wire.link4)
                    4500005c00004000401125930a0000fe0a000001c35017c00048000000040000600000000014063f20010db800
                    010000000000000000000920010db800ff000000000000000000019c40005000000001000000005002ffffb6d5
                    0000
                    """), .dropTunnel),
            Case(
                "GUE variant 1 with IP version 5",
                hex(
                    """
                    \(Wire.link4)
                    4500004400004000401125ab0a0000fe0a000001c35017c00030000050000028123440003f06e391cb0071090a
                    0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "GUE cut in its header",
                hex(
                    """
                    \(Wire.link4)
                    4500001f00004000401125d00a0000fe0a000001c35017c0000b0000000400
                    """), .dropTunnel),
            Case(
                "GUE with nothing inside",
                hex(
                    """
                    \(Wire.link4)
                    4500002000004000401125cf0a0000fe0a000001c35017c0000c000000040000
                    """), .dropTunnel),
            Case(
                "GUE behind the end of UDP",
                hex(
                    """
                    \(Wire.link4)
                    4500004800004000401125a70a0000fe0a000001c35017c0000c00000004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "VXLAN without a network",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35021180046000000000000001388000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "VXLAN with ARP inside",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35021180046000008000000001388000200000000aa020000
                    0000bb080645000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "VXLAN with a VLAN inside",
                hex(
                    """
                    \(Wire.link4)
                    4500005e00004000401125910a0000fe0a000001c3502118004a000008000000001388000200000000aa020000
                    0000bb81000005080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffff
                    cd460000
                    """), .dropTunnel),
            Case(
                "VXLAN cut in its header",
                hex(
                    """
                    \(Wire.link4)
                    4500002300004000401125cc0a0000fe0a000001c3502118000f000008000000001388
                    """), .dropTunnel),
            Case(
                "VXLAN cut in the frame's header",
                hex(
                    """
                    \(Wire.link4)
                    4500003100004000401125be0a0000fe0a000001c3502118001d000008000000001388000200000000aa020000
                    0000bb08
                    """), .dropTunnel),
            Case(
                "VXLAN with nothing inside",
                hex(
                    """
                    \(Wire.link4)
                    4500003200004000401125bd0a0000fe0a000001c3502118001e000008000000001388000200000000aa020000
                    0000bb0800
                    """), .dropTunnel),
            Case(
                "Geneve version 1",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35017c10046000040006558000007000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "Geneve control message",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35017c10046000000806558000007000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "Geneve with critical options",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35017c10046000000406558000007000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "Geneve with options beyond the end",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35017c1004600003f006558000007000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "Geneve with another protocol",
                hex(
                    """
                    \(Wire.link4)
                    4500005a00004000401125950a0000fe0a000001c35017c10046000000008847000007000200000000aa020000
                    0000bb080045000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel),
            Case(
                "a first fragment",
                hex(
                    """
                    \(Wire.link4)
                    4500004800002000401145a70a0000fe0a000001c35017c0003400000004000045000028123440003f06e391cb
                    0071090a0000019c40005000000001000000005002ffffcd460000
                    """), .dropTunnel))
    }

    /// Neighbours of those that the file names, and the ends of the range.
    private func otherNetworks(on node: KernelNode) throws {
        for network: UInt32 in [0, 8, 10, 4999, 5001, 16_777_214] {
            let vni = String(network + 1 << 24, radix: 16).dropFirst()
            try node.check(
                Case(
                    "VXLAN \(network)",
                    hex(
                        """
                        \(Wire.link4)
                        4500005a00004000401125950a0000fe0a000001c350211800460000 08000000 \(vni) 00
                        0200000000aa0200000000bb0800
                        45000028123440003f06e391cb0071090a0000019c40005000000001000000005002ffffcd460000
                        """), .dropTunnelVNI))
        }
    }
}
