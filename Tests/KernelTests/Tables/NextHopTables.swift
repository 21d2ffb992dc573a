import BPF
import Dataplane
import Oracle
import TestSupport
import Testing

/// Where a packet to a backend goes next, byte by byte.
@Suite(.enabled(if: isRoot), .serialized)
struct NextHopTables {
    private static let services = """
        services:
          far:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [3/tcp]
            forward: ipip
            backends: {far-4: {address: 10.0.5.11}}
          far6:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [4/tcp]
            forward: ipip
            backends: {far-6: {address: "2001:db8:fe::11"}}
          silent:
            vips: [192.0.2.10]
            ports: [5/tcp]
            forward: ipip
            backends: {silent-4: {address: 10.0.0.13}}
          silent6:
            vips: [192.0.2.10]
            ports: [6/tcp]
            forward: ipip
            backends: {silent-6: {address: "2001:db8:ff::13"}}
          lost:
            vips: [192.0.2.10]
            ports: [7/tcp]
            forward: ipip
            backends: {lost-4: {address: 10.99.0.1}}
          lost6:
            vips: ["2001:db8::10"]
            ports: [7/tcp]
            forward: ipip
            backends: {lost-6: {address: "2001:db8:99::1"}}
          direct:
            vips: [192.0.2.10]
            ports: [8/tcp]
            forward: direct
            backends: {direct-4: {address: 10.0.0.11}}
          direct6:
            vips: ["2001:db8::10"]
            ports: [8/tcp]
            forward: direct
            backends: {direct-6: {address: "2001:db8:ff::11"}}
          given:
            vips: [192.0.2.10]
            ports: [9/tcp]
            forward: direct
            backends: {given-4: {address: 10.99.0.1, mac: "02:00:00:00:00:77"}}
          beyond:
            vips: [192.0.2.10]
            ports: [10/tcp]
            forward: direct
            backends: {beyond-4: {address: 10.0.5.11}}
        policies:
          all: {from: any, to: any}
        """

    private static func policy(_ interface: String = "{}") -> String {
        "version: 1\ninterfaces: {nic: \(interface), far: {}}\n\(services)"
    }

    private static func frame4(_ port: String) -> [UInt8] { hex("\(Wire.link4)\n\(Wire.tcp4(port))") }
    private static func frame6(_ port: String) -> [UInt8] { hex("\(Wire.link6)\n\(Wire.tcp6(port))") }

    @Test func cases() throws {
        try KernelNode.with { node in
            try nextHopOnAnotherInterface(on: node)
            try unresolvedNeighbour(on: node)
            try noRoute(on: node)
            try fixedNextHop(on: node)
            try direct(on: node)
        }
    }

    private func nextHopOnAnotherInterface(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "4in4", Self.frame4("0003"), .redirectForwarded, by: "all", for: "far/far-4",
                out: hex(
                    """
                    020000000511 020000000501 0800                     // to the backend, from far
                    45 b9 003c 0000 4000 40 04 20fa 0a000001 0a00050b
                    \(Wire.tcp4("0003"))
                    """)),
            Case(
                "6in6", Self.frame6("0004"), .redirectForwarded, by: "all", for: "far6/far-6",
                out: hex(
                    """
                    020000000711 020000000501 86dd
                    6b900000 003c 29 40
                    20010db800ff00000000000000000001
                    20010db800fe00000000000000000011
                    \(Wire.tcp6("0004"))
                    """)),
            Case(
                "direct", Self.frame4("000a"), .redirectForwarded, by: "all", for: "beyond/beyond-4",
                out: hex("020000000511 020000000501 0800\n\(Wire.tcp4("000a"))")))
    }

    private func unresolvedNeighbour(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        let out4 = hex(
            """
            000000000000 000000000000 0800                     // for the kernel to fill in
            45 b9 003c 0000 4000 40 04 25f8 0a000001 0a00000d
            \(Wire.tcp4("0005"))
            """)
        let out6 = hex(
            """
            000000000000 000000000000 86dd
            6b900000 0028 04 40
            20010db800ff00000000000000000001
            20010db800ff00000000000000000013
            \(Wire.tcp4("0006"))
            """)
        try node.check(
            Case("IPv4", Self.frame4("0005"), .redirectResolve, by: "all", for: "silent/silent-4", out: out4),
            Case("IPv6", Self.frame4("0006"), .redirectResolve, by: "all", for: "silent6/silent-6", out: out6))

        // What `sluice_resolve` finds in front, in the byte order of the machine.
        let magic = hex("63726c73")
        let nic = withUnsafeBytes(of: node.nic.littleEndian) { Array($0) }
        let hops = [
            ("0005", hex("02000000 0a00000d 000000000000000000000000"), out4),
            ("0006", hex("0a000000 20010db800ff00000000000000000013"), out6),
        ]
        for (port, hop, out) in hops {
            let observed = try node.dataplane?.run(Self.frame4(port), interfaceIndex: node.nic)
            #expect(observed?.packet == magic + nic + hop + out)
        }
    }

    private func noRoute(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        try node.check(
            Case("IPv4", Self.frame4("0007"), .dropNoRoute, by: "all", for: "lost/lost-4"),
            Case("IPv6", Self.frame6("0007"), .dropNoRoute, by: "all", for: "lost6/lost-6"))
    }

    private func fixedNextHop(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(#"{next-hop: "02:00:00:00:00:99"}"#))
        try node.check(
            Case(
                "all tunnels go there, whatever the routes say", Self.frame4("0003"), .txForwarded, by: "all",
                for: "far/far-4",
                out: hex(
                    """
                    020000000099 020000000101 0800
                    45 b9 003c 0000 4000 40 04 20fa 0a000001 0a00050b
                    \(Wire.tcp4("0003"))
                    """)),
            Case(
                "layer 2 goes to the backend itself", Self.frame4("0008"), .txForwarded, by: "all",
                for: "direct/direct-4", out: hex("020000000011 020000000101 0800\n\(Wire.tcp4("0008"))")))
    }

    private func direct(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "IPv4", Self.frame4("0008"), .txForwarded, by: "all", for: "direct/direct-4",
                out: hex("020000000011 020000000101 0800\n\(Wire.tcp4("0008"))")),
            Case(
                "IPv6", Self.frame6("0008"), .txForwarded, by: "all", for: "direct6/direct-6",
                out: hex("020000000611 020000000101 86dd\n\(Wire.tcp6("0008"))")),
            Case(
                "by the address in the file", Self.frame4("0009"), .txForwarded, by: "all", for: "given/given-4",
                out: hex("020000000077 020000000101 0800\n\(Wire.tcp4("0009"))")))
    }
}
