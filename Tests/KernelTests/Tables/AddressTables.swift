import Net
import Oracle
import Packets
import TestSupport
import Testing

/// What a VIP answers, refuses and hands on, beside the bytes of what it hands on.
@Suite(.enabled(if: isRoot), .serialized)
struct AddressTables {
    private static func policy(echo: String, rules: String = "all: {from: any, to: any}") -> String {
        """
        version: 1
        interfaces: {nic: {}}
        defaults: {echo: \(echo)}
        services:
          shop:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [443/tcp, 443/udp]
            forward: ipip
            backends: {one: {address: 10.0.0.11}}
          idle: {vips: [192.0.2.10, 192.0.2.99], ports: [80/tcp], forward: ipip}
          paused:
            vips: [192.0.2.10]
            ports: [81/tcp]
            forward: ipip
            backends: {off: {address: 10.0.0.11, weight: 0}}
          shared:
            vips: [192.0.2.10]
            ports: [82/tcp]
            forward: ipip
            backends: {spare: {address: 10.0.0.11, weight: 0}, only: {address: 10.0.0.12}}
          own:
            vips: [10.0.5.1]
            ports: [53/udp]
            forward: ipip
            backends: {own-1: {address: 10.0.0.11}}
        policies:
          \(rules)
        """
    }

    private static let echo4 = """
        \(Wire.link4)
        45 00 0020 0001 0000 40 01 7cc8 cb007109 c000020a // IPv4: ICMP from the client
        08 00 482d 1234 0001 deadbeef                     // echo request
        """
    private static let echo6 = """
        \(Wire.link6)
        60000000 000c 3a 40 20010db8000100000000000000000009 20010db8000000000000000000000010
        80 00 745a 1234 0001 deadbeef                     // echo request
        """

    @Test func cases() throws {
        try KernelNode.with { node in
            try echoReplies(on: node)
            try echoDrops(on: node)
            try portsOfNoService(on: node)
            try backendsThatTakeNothing(on: node)
            try addressOfTheNode(on: node)
        }
    }

    private func echoReplies(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(echo: "reply", rules: "{}"))
        try node.check(
            Case(
                "IPv4", hex(Self.echo4), .txEcho, by: "default",
                out: hex(
                    """
                    020000000201 020000000101 0800                    // back
                    45 00 0020 0001 0000 40 01 7cc8 c000020a cb007109 // addresses exchanged: same checksum
                    00 00 502d 1234 0001 deadbeef                     // echo reply
                    """)),
            Case(
                "IPv6", hex(Self.echo6), .txEcho, by: "default",
                out: hex(
                    """
                    020000000201 020000000101 86dd
                    60000000 000c 3a 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    81 00 735a 1234 0001 deadbeef                     // echo reply
                    """)),
            Case(
                "in a VLAN, with padding",
                hex("020000000101 020000000201 8100 0064 0800") + hex(Self.echo4).dropFirst(14) + [0, 0],
                .txEcho, by: "default",
                out: hex(
                    """
                    020000000201 020000000101 8100 0064 0800
                    45 00 0020 0001 0000 40 01 7cc8 c000020a cb007109
                    00 00 502d 1234 0001 deadbeef 0000
                    """)),
            Case("in fragments", hex(Self.echo4).patched(20, "2000"), .dropFragment),
            Case("of a service without backends", packet("203.0.113.9", "192.0.2.99", .ping(0)), .dropNoService),
            Case("other ICMP", packet("203.0.113.9", "192.0.2.10", .ping(13)), .dropNoService),
            Case(
                "of the node is the node's", packet("203.0.113.9", "10.0.5.1", .ping()), .dropDefault, by: "default"
            ))

        try node.publish(
            yaml: Self.policy(
                echo: "reply",
                rules: "no-ping: {from: {cidr: 203.0.113.0/24}, to: any, ports: [icmp], action: deny}"))
        try node.check(
            Case("denied", hex(Self.echo4), .dropPolicy, by: "no-ping"))
    }

    private func echoDrops(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(echo: "drop"))
        try node.check(
            Case("IPv4", hex(Self.echo4), .dropNoService),
            Case("IPv6", hex(Self.echo6), .dropNoService),
            Case("of the node", packet("203.0.113.9", "10.0.5.1", .ping()), .passAllowed, by: "all"))
    }

    private func portsOfNoService(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(echo: "drop"))
        let client = "203.0.113.9"
        try node.check(
            Case("TCP", packet(client, "192.0.2.10", .syn(444)), .dropNoService),
            Case("UDP", packet(client, "192.0.2.10", .udp(53)), .dropNoService),
            Case("IPv6", packet("2001:db8:1::9", "2001:db8::10", .syn(80)), .dropNoService),
            Case("SCTP", packet(client, "192.0.2.10", .sctp(SCTPPacket(from: 1, to: 443, tag: 1))), .dropNoService),
            Case("GRE", packet(client, "192.0.2.10", .raw(IPProtocol(47), [0, 0, 8, 0])), .dropNoService),
            Case("port 0", packet(client, "192.0.2.10", .syn(0)), .dropNoService),
            Case("another address is transit", packet(client, "192.0.2.11", .syn(444)), .passAllowed, by: "all"))
    }

    private func backendsThatTakeNothing(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(echo: "drop"))
        try node.check(
            Case("none", packet("203.0.113.9", "192.0.2.10", .syn(80)), .dropNoBackend, by: "all", for: "idle"),
            Case(
                "weight 0", packet("203.0.113.9", "192.0.2.10", .syn(81)), .dropNoBackend, by: "all", for: "paused")
        )
        for client in 1...40 {
            let frame = Frame(packet("203.0.113.\(client)", "192.0.2.10", .syn(82))).bytes
            #expect(try node.observe(frame).backend == "only")
        }
    }

    private func addressOfTheNode(on node: KernelNode) throws {
        try node.publish(
            yaml: Self.policy(
                echo: "reply",
                rules: "operators: {from: {cidr: 203.0.113.9}, to: node, ports: [22/tcp, icmp, 53/udp]}"))
        let (operators, world) = ("203.0.113.9", "203.0.113.10")
        try node.check(
            Case(
                "the service's port is no part of node", packet(operators, "10.0.5.1", .udp(53)), .dropDefault,
                by: "default", for: "own"),
            Case(
                "other ports are the node's", packet(operators, "10.0.5.1", .syn(22)), .passAllowed, by: "operators"
            ),
            Case("also refused as such", packet(world, "10.0.5.1", .syn(22)), .dropDefault, by: "default"),
            Case("echo is the node's", packet(operators, "10.0.5.1", .ping()), .passAllowed, by: "operators"),
            Case("also refused as such", packet(world, "10.0.5.1", .ping()), .dropDefault, by: "default"),
            Case("on the VIP elsewhere", packet(operators, "192.0.2.10", .syn(22)), .dropNoService))

        try node.publish(yaml: Self.policy(echo: "reply", rules: "own: {from: any, to: own}"))
        let request = hex(
            """
            \(Wire.link4)
            45 00 0021 0000 0000 40 11 0000 cb007109 0a000501 // to 10.0.5.1
            9c40 0035 000d 0000 6162636465                    // UDP: port 53
            """)
        try node.check(
            Case(
                "served", request, .txForwarded, by: "own", for: "own/own-1",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 0035 0000 4000 40 04 26ba 0a000001 0a00000b
                    45 00 0021 0000 0000 40 11 0000 cb007109 0a000501
                    9c40 0035 000d 0000 6162636465
                    """)))
    }
}
