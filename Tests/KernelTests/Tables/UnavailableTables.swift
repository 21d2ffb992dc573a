import BPF
import Dataplane
import Oracle
import Packets
import TestSupport
import Testing

/// What a service without a usable backend answers.
@Suite(.enabled(if: isRoot), .serialized)
struct UnavailableTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}}
        services:
          gone:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/tcp, 1/udp]
            forward: ipip
            unavailable: reset
          lost:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [2/tcp, 2/udp]
            forward: ipip
            unavailable: unreachable
            backends: {one: {address: 10.0.0.11, weight: 0}, two: {address: 10.0.0.12, weight: 0}}
          mute:
            vips: [192.0.2.10]
            ports: [3/tcp]
            forward: ipip
        policies:
          all: {from: any, to: any}
        """

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    @Test func cases() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy)
            try resets(on: node)
            try resets6(on: node)
            try unreachable(on: node)
            try silence(on: node)
        }
    }

    private func resets(on node: KernelNode) throws {
        try node.check(
            Case(
                "SYN",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000 // SYN
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109 // from the VIP, DF
                    0001 9c40 00000000 00000002 50 14 0000 1579 0000 // RST, ACK; sequence 0, acknowledges 1 + SYN
                    """)),
            Case(
                "SYN with data, in a VLAN",
                hex(
                    """
                    020000000101 020000000201 8100 0064 0800
                    45 00 002b 1234 4000 40 06 2a85 cb007109 c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000 // SYN
                    616263
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 8100 0064 0800
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
                    0001 9c40 00000000 00000005 50 14 0000 1576 0000 // acknowledges 1 + SYN + 3
                    """)),
            Case(
                "data of a connection",
                hex(
                    """
                    \(Wire.link4)
                    45 00 002c 1234 4000 40 06 2a84 cb007109 c000020a
                    9c40 0001 11223344 55667788 50 18 ffff 0000 0000 // PSH, ACK
                    61626364
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
                    0001 9c40 55667788 00000000 50 04 0000 489c 0000 // RST; sequence as it was acknowledged
                    """)),
            Case(
                "FIN",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0001 ffffffff 00000007 50 11 ffff 0000 0000 // FIN, ACK
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
                    0001 9c40 00000007 00000000 50 04 0000 1584 0000
                    """)),
            Case(
                "SYN behind options",
                hex(
                    """
                    \(Wire.link4)
                    46 00 002c 1234 4000 40 06 2783 cb007109 c000020a 01010100
                    9c40 0001 ffffffff 00000000 50 02 ffff 0000 0000 // SYN; the sequence wraps
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
                    0001 9c40 00000000 00000000 50 14 0000 157b 0000
                    """)),
            Case(
                "RST",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0001 00000005 00000009 50 04 ffff 0000 0000 // RST
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "a datagram",
                hex(
                    """
                    \(Wire.link4)
                    45 00 001f 1234 4000 40 11 2a86 cb007109 c000020a
                    9c40 0001 000b 0000 616263 // UDP
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0038 0000 0000 40 01 7cb1 c000020a cb007109 // ICMP from the VIP
                    03 03 60b0 00000000 // port unreachable
                    45 00 001f 1234 4000 40 11 2a86 cb007109 c000020a
                    9c40 0001 000b 0000
                    """)))
    }

    private func resets6(on node: KernelNode) throws {
        try node.check(
            Case(
                "SYN",
                hex(
                    """
                    \(Wire.link6)
                    60000000 0014 06 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 86dd // back to the router
                    60000000 0014 06 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    0001 9c40 00000000 00000002 50 14 0000 b801 0000
                    """)),
            Case(
                "ACK",
                hex(
                    """
                    \(Wire.link6)
                    60000000 0014 06 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 00000001 00000009 50 10 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 86dd // back to the router
                    60000000 0014 06 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    0001 9c40 00000009 00000000 50 04 0000 b80a 0000
                    """)),
            Case(
                "a datagram of odd length",
                hex(
                    """
                    \(Wire.link6)
                    60000000 000b 11 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 000b 0000 616263
                    """), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 86dd // back to the router
                    60000000 003b 3a 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    01 04 7573 00000000 // port unreachable, and all of the packet
                    60000000 000b 11 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 000b 0000 616263
                    """)),
            Case(
                "a long datagram",
                hex(
                    """
                    \(Wire.link6)
                    60000000 0260 11 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 0260 0000
                    """) + Self.zeros(600), .dropNoBackend, by: "all", for: "gone",
                out: hex(
                    """
                    020000000201 020000000101 86dd // back to the router
                    60000000 0208 3a 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    01 04 335f 00000000 // 512 bytes of the packet
                    60000000 0260 11 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0001 0260 0000
                    """) + Self.zeros(464)))
    }

    private func unreachable(on node: KernelNode) throws {
        try node.check(
            Case(
                "SYN",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0002 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "lost",
                out: hex(
                    """
                    020000000201 020000000101 0800 // back to the router
                    45 00 0038 0000 0000 40 01 7cb1 c000020a cb007109
                    03 03 60b9 00000000
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0002 00000001
                    """)),
            Case(
                "SYN over IPv6",
                hex(
                    """
                    \(Wire.link6)
                    60000000 0014 06 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0002 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "lost",
                out: hex(
                    """
                    020000000201 020000000101 86dd // back to the router
                    60000000 0044 3a 40 20010db8000000000000000000000010 20010db8000100000000000000000009
                    01 04 f4ca 00000000
                    60000000 0014 06 40 20010db8000100000000000000000009 20010db8000000000000000000000010
                    9c40 0002 00000001 00000000 50 02 ffff 0000 0000
                    """)),
            Case(
                "RST",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0002 00000005 00000009 50 04 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "lost"))
    }

    private func silence(on node: KernelNode) throws {
        try node.check(
            Case(
                "first fragment",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 4242 2000 40 06 1a7a cb007109 c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "to a group of stations",
                hex(
                    """
                    030000000101 020000000201 0800
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "from nobody",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 6692 00000000 c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "from no unicast address",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0028 1234 4000 40 06 6693 fffffffe c000020a
                    9c40 0001 00000001 00000000 50 02 ffff 0000 0000
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "an ICMP error",
                hex(
                    """
                    \(Wire.link4)
                    45 00 0038 0000 0000 40 01 8d89 c63364fe c000020a
                    03 04 0000 0000 0578
                    45 00 0028 0000 4000 40 06 3cbc c000020a cb007109
                    0001 9c40 00000001
                    """), .dropNoBackend, by: "all", for: "gone"),
            Case(
                "nothing is to be answered", Frame(packet("203.0.113.9", "192.0.2.10", .syn(3))).bytes, .dropNoBackend,
                by: "all", for: "mute"))
    }

    /// So many answers a second, and no more: what comes too soon is dropped all the same.
    @Test func answersAreRationed() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy)
            var answered = 0
            for number in 0..<6000 {
                let frame = Frame(packet("203.0.113.9", "192.0.2.10", .syn(1, from: UInt16(10_000 + number)))).bytes
                if try node.dataplane?.run(frame, interfaceIndex: node.nic).action == .transmit { answered += 1 }
            }
            #expect((1...5000).contains(answered))
        }
    }
}
