import Oracle
import Packets
import TestSupport
import Testing

/// Later fragments follow their first one, through the same policy to the same backend.
@Suite(.enabled(if: isRoot), .serialized)
struct FragmentTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}, far: {}}
        services:
          near:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/udp]
            forward: ipip
            backends: {near-4: {address: 10.0.0.11}}
        policies:
          service: {from: any, to: near}
          node: {from: any, to: node, ports: [53/udp]}
        """

    private static let data = "00010203 04050607 08090a0b 0c0d0e0f"

    @Test func cases() throws {
        try KernelNode.with { node in
            try ipv4(on: node)
            try ipv6(on: node)
            try refusedFirstFragmentsAreForgotten(on: node)
        }
    }

    private func ipv4(on node: KernelNode) throws {
        let first = """
            45 00 0024 4242 2000 40 11 1a73 cb007109 c000020a // 36 bytes, more follow
            9c40 0001 0018 0000                               // UDP: 24 bytes in all
            00010203 04050607
            """
        let later = """
            45 00 0024 4242 0002 40 11 3a71 cb007109 c000020a // the last, 16 bytes behind the first
            \(Self.data)
            """
        let outer = """
            020000000011 020000000101 0800
            45 00 0038 0000 4000 40 04 26b7 0a000001 0a00000b
            """
        let frame = hex("\(Wire.link4)\n\(later)")
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("before its first", frame, .dropFragment),
            Case(
                "the first", hex("\(Wire.link4)\n\(first)"), .txForwarded, by: "service", for: "near/near-4",
                out: hex("\(outer)\n\(first)")),
            Case(
                "a later one", frame, .txForwarded, by: "service", for: "near/near-4",
                out: hex("\(outer)\n\(later)")),
            Case("of another packet", frame.patched(18, "4243"), .dropFragment),
            Case("from another address", frame.patched(29, "0a"), .dropFragment),
            Case("to another address", frame.patched(33, "0b"), .dropFragment),
            Case("of another protocol", frame.patched(23, "84"), .dropFragment),
            Case("of TCP that would overwrite flags", frame.patched(20, "0001").patched(23, "06"), .dropMalformed),
            Case("of TCP at offset 2", frame.patched(20, "0002").patched(23, "06"), .dropFragment))

        // Policy is asked for each of them.
        try node.publish(
            yaml: Self.policy.replacing("{from: any, to: near}", with: "{from: any, to: near, action: deny}"))
        try node.check(Case("revoked", frame, .dropPolicy, by: "service", for: "near"))
    }

    private func ipv6(on node: KernelNode) throws {
        let header = "60000000 0018 2c 40 20010db8000100000000000000000009 20010db8000000000000000000000010"
        let first = """
            \(header)
            11 00 0001 00004242                               // fragment: the first, more follow
            9c40 0001 0018 0000 00010203 04050607             // UDP: 24 bytes in all
            """
        let later = """
            \(header)
            11 00 0010 00004242                               // fragment: the last, 16 bytes behind
            \(Self.data)
            """
        let outer = """
            020000000011 020000000101 0800
            45 00 0054 0000 4000 40 29 2676 0a000001 0a00000b // 84 bytes
            """
        let frame = hex("\(Wire.link6)\n\(later)")
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("before its first", frame, .dropFragment),
            Case(
                "the first", hex("\(Wire.link6)\n\(first)"), .txForwarded, by: "service", for: "near/near-4",
                out: hex("\(outer)\n\(first)")),
            Case(
                "a later one", frame, .txForwarded, by: "service", for: "near/near-4",
                out: hex("\(outer)\n\(later)")),
            Case("of another packet", frame.patched(58, "00004243"), .dropFragment),
            Case("of TCP that would overwrite flags", frame.patched(54, "06 00 0008"), .dropMalformed))
    }

    private func refusedFirstFragmentsAreForgotten(on node: KernelNode) throws {
        let first = hex(
            """
            \(Wire.link4)
            45 00 0024 4242 2000 40 11 0000 cb007109 0a000001 // to the node, more follow
            9c40 0035 0018 0000 00010203 04050607             // UDP: port 53
            """)
        let later = hex("\(Wire.link4) \n 45 00 0024 4242 0002 40 11 0000 cb007109 0a000001 \(Self.data)")
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("to a port that is not allowed", first.patched(36, "0036"), .dropDefault, by: "default"),
            Case("what follows", later, .dropFragment),
            Case("to one that is", first, .passAllowed, by: "node"),
            Case("what follows", later, .passAllowed, by: "node"),
            Case("UDP header cut", first.patched(16, "001b"), .dropMalformed),
            Case("from the node", later.patched(26, "0a000501"), .dropMalformed))
    }
}
