import Oracle
import TestSupport
import Testing

/// Outer headers, byte by byte.
@Suite(.enabled(if: isRoot), .serialized)
struct EncapsulationTables {
    private static let services = """
        services:
          near:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [1/tcp, 1/udp]
            forward: ipip
            backends: {near-4: {address: 10.0.0.11}}
          near6:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [2/tcp]
            forward: ipip
            backends: {near-6: {address: "2001:db8:ff::11"}}
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
            try tunnels(on: node)
            try trafficClassesAndTrailers(on: node)
            try writtenTunnelSource(on: node)
        }
    }

    private func tunnels(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "4in4", Self.frame4("0001"), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800                     // to the backend, from nic
                    45 b9 003c 0000 4000 40 04 25fa 0a000001 0a00000b // DSCP, ECN copied; DF; TTL 64; IPv4
                    \(Wire.tcp4("0001"))
                    """)),
            Case(
                "6in4", Self.frame6("0001"), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 b9 0050 0000 4000 40 29 25c1 0a000001 0a00000b // 80 bytes, IPv6 inside
                    \(Wire.tcp6("0001"))
                    """)),
            Case(
                "4in6", Self.frame4("0002"), .txForwarded, by: "all", for: "near6/near-6",
                out: hex(
                    """
                    020000000611 020000000101 86dd
                    6b900000 0028 04 40              // traffic class copied, no flow label, 40 bytes, IPv4 inside
                    20010db800ff00000000000000000001
                    20010db800ff00000000000000000011
                    \(Wire.tcp4("0002"))
                    """)),
            Case(
                "6in6", Self.frame6("0002"), .txForwarded, by: "all", for: "near6/near-6",
                out: hex(
                    """
                    020000000611 020000000101 86dd
                    6b900000 003c 29 40              // the label stays inside; 60 bytes, IPv6 inside
                    20010db800ff00000000000000000001
                    20010db800ff00000000000000000011
                    \(Wire.tcp6("0002"))
                    """)))
    }

    private func trafficClassesAndTrailers(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy())
        let plain = Self.frame4("0001")
        try node.check(
            Case(
                "not capable of ECN", plain.patched(15, "00").patched(24, "2a88"), .txForwarded, by: "all",
                for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 00 003c 0000 4000 40 04 26b3 0a000001 0a00000b // TOS 0
                    45 00 0028 1234 4000 40 06 2a88 cb007109 c000020a
                    9c40 0001 00000001 00000002 50 10 ffff 0000 0000
                    """)),
            Case(
                "congestion experienced", plain.patched(15, "03").patched(24, "2a85"), .txForwarded, by: "all",
                for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 03 003c 0000 4000 40 04 26b0 0a000001 0a00000b // CE
                    45 03 0028 1234 4000 40 06 2a85 cb007109 c000020a
                    9c40 0001 00000001 00000002 50 10 ffff 0000 0000
                    """)),
            Case(
                "short UDP with padding of the link",
                hex(
                    """
                    \(Wire.link4)
                    45 b9 001d 1234 4000 40 11 29cf cb007109 c000020a // 29 bytes, UDP
                    9c40 0001 0009 0000 61                            // one byte of data, no checksum
                    000000000000                                      // padding
                    """), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 b9 0031 0000 4000 40 04 2605 0a000001 0a00000b // 49 bytes: the padding is no part of it
                    45 b9 001d 1234 4000 40 11 29cf cb007109 c000020a
                    9c40 0001 0009 0000 61
                    000000000000
                    """)))
    }

    private func writtenTunnelSource(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy(#"{tunnel-source: [198.51.100.1, "2001:db8:5::1"]}"#))
        try node.check(
            Case(
                "IPv4", Self.frame4("0001"), .txForwarded, by: "all", for: "near/near-4",
                out: hex(
                    """
                    020000000011 020000000101 0800
                    45 b9 003c 0000 4000 40 04 05c6 c6336401 0a00000b // from 198.51.100.1
                    \(Wire.tcp4("0001"))
                    """)),
            Case(
                "IPv6", Self.frame4("0002"), .txForwarded, by: "all", for: "near6/near-6",
                out: hex(
                    """
                    020000000611 020000000101 86dd
                    6b900000 0028 04 40
                    20010db8000500000000000000000001 // from 2001:db8:5::1
                    20010db800ff00000000000000000011
                    \(Wire.tcp4("0002"))
                    """)))
    }
}
