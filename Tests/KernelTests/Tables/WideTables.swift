import Net
import Oracle
import Packets
import TestSupport
import Testing

/// Services on ranges of ports, whole protocols and prefixes of VIPs. Without backends, so that what gets to a service
/// ends there.
@Suite(.enabled(if: isRoot), .serialized)
struct WideTables {
    private static let client = "203.0.113.9"
    private static let client6 = "2001:db8:1::9"

    private static func shop(
        _ name: String, _ destination: String, _ payload: Payload, _ outcome: Outcome = .dropNoBackend,
        by rule: String? = "all", for service: String? = "shop", from source: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) -> Case {
        let client = source ?? (destination.contains(":") ? client6 : client)
        return Case(name, packet(client, destination, payload), outcome, by: rule, for: service, location: location)
    }

    private static func nothing(
        _ name: String, _ destination: String, _ payload: Payload, location: SourceLocation = #_sourceLocation
    ) -> Case {
        shop(name, destination, payload, .dropNoService, by: nil, for: nil, location: location)
    }

    private static func init_(_ port: UInt16) -> Payload {
        .sctp(SCTPPacket(from: 40000, to: port, tag: 0, chunk: 1, value: Array(repeating: 0, count: 16)))
    }

    @Test func cases() throws {
        try KernelNode.with { node in
            try ranges(on: node)
            try wholeProtocols(on: node)
            try prefixes(on: node)
            try nested(on: node)
            try rules(on: node)
            try errors(on: node)
            try ownAddresses(on: node)
        }
    }

    private func ranges(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                services:
                  shop: {vips: [192.0.2.10, "2001:db8::10"], ports: [80/tcp, 8000-8099/tcp, 8050-8060/udp], forward: ipip}
                  mail: {vips: [192.0.2.10, 192.0.2.11], ports: [25/tcp, 8100-8199/tcp, 9/sctp], forward: ipip}
                policies: {all: {from: any, to: any}}
                """)
        try node.check(
            Self.shop("a port by itself", "192.0.2.10", .syn(80)),
            Self.nothing("before the range", "192.0.2.10", .syn(7999)),
            Self.shop("its first port", "192.0.2.10", .syn(8000)),
            Self.shop("its last port", "192.0.2.10", .ack(8099)),
            Self.shop("IPv6", "2001:db8::10", .syn(8042)),
            Self.nothing("IPv6, behind it", "2001:db8::10", .syn(8100)),
            Self.shop("another service begins where it ends", "192.0.2.10", .syn(8100), for: "mail"),
            Self.nothing("UDP before its range", "192.0.2.10", .udp(8049)),
            Self.shop("UDP within", "192.0.2.10", .udp(8050)),
            Self.nothing("UDP behind", "192.0.2.10", .udp(8061)),
            Self.nothing("another VIP", "192.0.2.11", .syn(8000)),
            Self.shop("of the other service", "192.0.2.11", .syn(8199), for: "mail"),
            Self.shop("SCTP", "192.0.2.10", Self.init_(9), for: "mail"),
            Self.nothing("SCTP, other port", "192.0.2.10", Self.init_(10)),
            Self.nothing("a short datagram", "192.0.2.10", .udp(8061, [])),
            Self.shop("a short datagram for the service", "192.0.2.10", .udp(8055, [])))
    }

    private func wholeProtocols(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                services:
                  shop: {vips: [192.0.2.10], ports: [tcp, sctp], forward: ipip}
                  dns: {vips: [192.0.2.10], ports: [udp], forward: ipip}
                policies: {all: {from: any, to: any}}
                """)
        try node.check(
            Self.shop("TCP", "192.0.2.10", .syn(1)),
            Self.shop("TCP, last port", "192.0.2.10", .syn(65535)),
            Self.shop("TCP to port 0", "192.0.2.10", .syn(0)),
            Self.shop("UDP", "192.0.2.10", .udp(53), for: "dns"),
            Self.shop("SCTP", "192.0.2.10", Self.init_(7)),
            Self.nothing("other protocols", "192.0.2.10", .raw(IPProtocol(47), [0, 0, 0, 0])),
            Self.nothing("ping", "192.0.2.10", .ping()))
    }

    private func prefixes(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                defaults: {echo: reply}
                services:
                  shop: {vips: [192.0.2.0/28, "2001:db8:10::/64"], ports: [443/tcp, 443/udp], forward: ipip}
                policies:
                  all: {from: any, to: any, ports: [443/tcp, 443/udp, 22/tcp]}
                  silent: {from: {cidr: 203.0.113.77}, to: shop, action: deny}
                """)
        let ping = Frame(packet(Self.client, "192.0.2.7", .ping())).bytes
        let answer = Frame(packet("192.0.2.7", Self.client, .ping(0)))
        try node.check(
            Self.shop("first address", "192.0.2.0", .syn(443)),
            Self.shop("last address", "192.0.2.15", .udp(443)),
            Self.shop("just outside", "192.0.2.16", .syn(443), .passAllowed, by: "all", for: nil),
            Self.nothing("another port", "192.0.2.9", .syn(22)),
            Self.shop("IPv6", "2001:db8:10::ffff", .syn(443)),
            Self.nothing("IPv6, another port", "2001:db8:10::", .syn(22)),
            Self.shop("IPv6 just outside", "2001:db8:10:1::", .syn(22), .passAllowed, by: "all", for: nil),
            Case(
                "every address answers echo", ping, .txEcho, by: "default",
                out: Frame(to: answer.source, from: answer.destination, answer.content).bytes),
            Self.shop(
                "a rule denies it", "192.0.2.3", .ping(), .dropPolicy, by: "silent", for: nil, from: "203.0.113.77"))
        try node.check(
            Self.shop(
                "as it denies the service", "192.0.2.3", .syn(443), .dropPolicy, by: "silent", from: "203.0.113.77"))
    }

    /// Prefixes around each other and around single VIPs, with ports that do not meet.
    private func nested(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                services:
                  shop: {vips: [192.0.2.0/24], ports: [443/tcp], forward: ipip}
                  mail: {vips: [192.0.2.0/28, 192.0.2.200], ports: [25/tcp, 1000-1999/tcp], forward: ipip}
                  dns: {vips: [192.0.2.5], ports: [53/udp], forward: ipip}
                policies: {all: {from: any, to: any}}
                """)
        try node.check(
            Self.shop("all three", "192.0.2.5", .syn(443)),
            Self.shop("all three", "192.0.2.5", .syn(25), for: "mail"),
            Self.shop("all three", "192.0.2.5", .udp(53), for: "dns"),
            Self.nothing("none of three", "192.0.2.5", .udp(54)),
            Self.shop("behind the single VIP", "192.0.2.6", .syn(1999), for: "mail"),
            Self.nothing("not the single VIP", "192.0.2.6", .udp(53)),
            Self.shop("behind the inner prefix", "192.0.2.16", .syn(443)),
            Self.nothing("behind the inner prefix", "192.0.2.16", .syn(25)),
            Self.nothing("still a VIP", "192.0.2.255", .syn(25)),
            Self.shop("a single VIP with a range", "192.0.2.200", .syn(1000), for: "mail"),
            Self.shop("beside the outer prefix's port", "192.0.2.200", .syn(443)))
    }

    /// Rules that cut prefixes and ranges in two.
    private func rules(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                services:
                  shop: {vips: [192.0.2.0/28], ports: [8000-8099/tcp, udp], forward: ipip}
                policies:
                  low: {from: any, to: shop, ports: [8000-8049/tcp]}
                  half: {from: any, to: {cidr: 192.0.2.8/29}, ports: [8090/tcp]}
                  never: {from: any, to: {cidr: 192.0.2.12}, action: deny}
                  dns: {from: any, to: shop, ports: [udp]}
                """)
        try node.check(
            Self.shop("the lower half", "192.0.2.1", .syn(8049), by: "low"),
            Self.shop("the upper half", "192.0.2.1", .syn(8050), .dropDefault, by: "default"),
            Self.shop("not in the prefix of the rule", "192.0.2.7", .syn(8090), .dropDefault, by: "default"),
            Self.shop("in the prefix of the rule", "192.0.2.8", .syn(8090), by: "half"),
            Self.shop("a port beside", "192.0.2.8", .syn(8091), .dropDefault, by: "default"),
            Self.shop("one address of it", "192.0.2.12", .syn(8000), .dropPolicy, by: "never"),
            Self.shop("any datagram", "192.0.2.13", .udp(9), by: "dns"))
    }

    private func errors(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                services:
                  shop: {vips: [192.0.2.0/28], ports: [8000-8099/tcp], forward: ipip}
                policies: {all: {from: {cidr: 203.0.113.0/24}, to: shop}}
                """)
        func error(_ source: String, port: UInt16, client: String = Self.client) -> Payload {
            let answer = packet(source, client, .tcp(TCPSegment(from: port, to: 40000, .ack)))
            return .icmp(ICMPMessage(error: 3, code: 4, parameter: 1400, quote: answer.bytes.prefix(28)))
        }
        try node.check(
            Self.shop("about a flow of the service", "192.0.2.3", error("192.0.2.3", port: 8001), from: "198.51.100.1"),
            Self.nothing("about another port", "192.0.2.3", error("192.0.2.3", port: 7999)),
            Self.shop(
                "whose client may not", "192.0.2.3", error("192.0.2.3", port: 8001, client: "198.51.100.7"),
                .dropDefault, by: "default"),
            Self.shop(
                "another VIP's", "192.0.2.3", error("192.0.2.4", port: 8001), .dropMalformed, by: nil, for: nil))
    }

    /// What is for none of the ports is the node's affair where the address is the node's.
    private func ownAddresses(on node: KernelNode) throws {
        try node.publish(
            yaml: """
                version: 1
                interfaces: {nic: {}}
                defaults: {echo: reply}
                services:
                  shop: {vips: [10.0.0.0/30], ports: [8000-8099/tcp], forward: ipip}
                policies: {all: {from: any, to: any}}
                """)
        try node.check(
            Self.shop("the service's port", "10.0.0.1", .syn(8000)),
            Self.shop("another port", "10.0.0.1", .syn(22), .passAllowed, by: "all", for: nil),
            Self.shop("ping", "10.0.0.1", .ping(), .passAllowed, by: "all", for: nil),
            Self.nothing("a port of its neighbour", "10.0.0.2", .syn(22)),
            Self.shop(
                "the node's own as a source", "10.0.0.2", .syn(8000), .dropMalformed, by: nil, for: nil,
                from: "10.0.0.1"))
    }
}
