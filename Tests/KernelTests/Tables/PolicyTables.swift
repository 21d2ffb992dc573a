import Net
import Oracle
import Packets
import TestSupport
import Testing

/// Which rule decides.
@Suite(.enabled(if: isRoot), .serialized)
struct PolicyTables {
    private static func policy(_ rules: String, ingress: String = "deny") -> String {
        """
        version: 1
        interfaces: {nic: {}}
        defaults: {ingress: \(ingress)}
        identities:
          office: {cidrs: [203.0.113.0/24, "2001:db8:1::/48"], except: [203.0.113.128/25], labels: {site: paris}}
          guests: {cidrs: [203.0.113.64/26], labels: {site: lyon}}
          vip: {cidrs: [192.0.2.0/24]}
        services:
          shop: {vips: [192.0.2.10, "2001:db8::10"], ports: [443/tcp, 443/udp], forward: ipip}
        policies:
        \(rules.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        """
    }

    // The service has no backends, so what is allowed ends there.
    private static func shop(
        _ name: String, from source: String, _ outcome: Outcome, by rule: String, _ payload: Payload = .syn(443),
        location: SourceLocation = #_sourceLocation
    ) -> Case {
        let vip = source.contains(":") ? "2001:db8::10" : "192.0.2.10"
        return Case(name, packet(source, vip, payload), outcome, by: rule, for: "shop", location: location)
    }

    @Test func cases() throws {
        try KernelNode.with { node in
            try nothingIsAllowedByItself(on: node)
            try sources(on: node)
            try precedence(on: node)
            try destinationsAndPorts(on: node)
        }
    }

    private func nothingIsAllowedByItself(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy("{}"))
        try node.check(
            Self.shop("a service", from: "203.0.113.9", .dropDefault, by: "default"),
            Self.shop("IPv6", from: "2001:db8:1::9", .dropDefault, by: "default"),
            Case("the node", packet("203.0.113.9", "10.0.0.1", .syn(22)), .dropDefault, by: "default"),
            Case("transit", packet("203.0.113.9", "10.9.9.9", .syn(22)), .dropDefault, by: "default"),
            Case("multicast", packet("203.0.113.9", "224.0.0.251", .udp(5353)), .dropDefault, by: "default"),
            Case(
                "any protocol", packet("203.0.113.9", "10.0.0.1", .raw(IPProtocol(47), [0, 0])), .dropDefault,
                by: "default"))

        try node.publish(yaml: Self.policy("cut: {from: guests, to: any, action: deny}", ingress: "allow"))
        try node.check(
            Self.shop("a service", from: "203.0.113.9", .dropNoBackend, by: "default"),
            Case("the node", packet("203.0.113.9", "10.0.0.1", .syn(22)), .passDefault, by: "default"),
            Case("transit", packet("203.0.113.9", "10.9.9.9", .syn(22)), .passDefault, by: "default"),
            Case("denied", packet("203.0.113.70", "10.9.9.9", .syn(22)), .dropPolicy, by: "cut"),
            Self.shop("denied", from: "203.0.113.70", .dropPolicy, by: "cut"))
    }

    private func sources(on node: KernelNode) throws {
        try node.publish(
            yaml: Self.policy(
                """
                office: {from: office, to: shop, ports: [443/tcp]}
                lyon: {from: {labels: {site: lyon}}, to: shop, ports: [443/udp]}
                world: {from: world, to: node, ports: [25/tcp]}
                prefix: {from: {cidr: 198.51.100.0/24, except: [198.51.100.7]}, to: node, ports: [22/tcp]}
                """))
        try node.check(
            Self.shop("in the set", from: "203.0.113.9", .dropNoBackend, by: "office"),
            Self.shop("first address", from: "203.0.113.0", .dropNoBackend, by: "office"),
            Self.shop("last before the exception", from: "203.0.113.127", .dropNoBackend, by: "office"),
            Self.shop("first of the exception", from: "203.0.113.128", .dropDefault, by: "default"),
            Self.shop("just outside", from: "203.0.112.255", .dropDefault, by: "default"),
            Self.shop("IPv6", from: "2001:db8:1:ffff::1", .dropNoBackend, by: "office"),
            Self.shop("IPv6 just outside", from: "2001:db8:2::", .dropDefault, by: "default"),
            Self.shop("other protocol", from: "203.0.113.9", .dropDefault, by: "default", .udp(443)),
            Self.shop("a set within the other", from: "203.0.113.70", .dropNoBackend, by: "lyon", .udp(443)),
            Self.shop("belongs to both", from: "203.0.113.70", .dropNoBackend, by: "office"),
            Case("nobody's", packet("198.51.100.7", "10.0.0.1", .syn(25)), .passAllowed, by: "world"),
            Case("somebody's", packet("203.0.113.9", "10.0.0.1", .syn(25)), .dropDefault, by: "default"),
            Case("prefix", packet("198.51.100.8", "10.0.0.1", .syn(22)), .passAllowed, by: "prefix"),
            Case("its exception", packet("198.51.100.7", "10.0.0.1", .syn(22)), .dropDefault, by: "default"))
    }

    private func precedence(on node: KernelNode) throws {
        try node.publish(
            yaml: Self.policy(
                """
                allow: {from: any, to: shop}
                deny: {from: guests, to: shop, ports: [443/tcp], action: deny}
                deny-again: {from: guests, to: shop, action: deny}
                exempt: {from: {cidr: 203.0.113.66}, to: shop, priority: 1}
                stop: {from: {cidr: 203.0.113.67}, to: any, action: deny, priority: 32767}
                exempt-in-vain: {from: {cidr: 203.0.113.67}, to: any, priority: 32766}
                weak: {from: {cidr: 203.0.113.1}, to: shop, action: deny, priority: -1}
                by-address: {from: {cidr: 203.0.113.2}, to: vip, action: deny}
                """))
        try node.check(
            Self.shop("allowed", from: "203.0.113.9", .dropNoBackend, by: "allow"),
            Self.shop("deny over allow, the first of the file", from: "203.0.113.70", .dropPolicy, by: "deny"),
            Self.shop(
                "where that says nothing, the second", from: "203.0.113.70", .dropPolicy, by: "deny-again",
                .udp(443)),
            Self.shop("higher priority over deny", from: "203.0.113.66", .dropNoBackend, by: "exempt"),
            Self.shop("the highest of all", from: "203.0.113.67", .dropPolicy, by: "stop"),
            Self.shop("lower priority than allow", from: "203.0.113.1", .dropNoBackend, by: "allow"),
            Self.shop("by the VIP's address", from: "203.0.113.2", .dropPolicy, by: "by-address"))
    }

    private func destinationsAndPorts(on node: KernelNode) throws {
        try node.publish(
            yaml: Self.policy(
                """
                node: {from: any, to: node, ports: [22/tcp, 8000-8099/udp, 9/sctp, ip/47]}
                ping: {from: any, to: node, ports: [icmp/echo-request, icmpv6/128]}
                too-big: {from: any, to: node, ports: [icmp/3/4]}
                beyond: {from: any, to: {cidr: 10.8.0.0/16}, ports: [80/tcp]}
                """))
        let client = "203.0.113.9"
        try node.check(
            Case("the node", packet(client, "10.0.5.1", .syn(22)), .passAllowed, by: "node"),
            Case("the node's IPv6", packet("2001:db8:1::9", "2001:db8:fe::1", .syn(22)), .passAllowed, by: "node"),
            Case("its broadcast", packet(client, "10.0.0.255", .udp(8000)), .passAllowed, by: "node"),
            Case("limited broadcast", packet(client, "255.255.255.255", .udp(8000)), .passAllowed, by: "node"),
            Case("multicast", packet("2001:db8:1::9", "ff02::fb", .udp(8000)), .passAllowed, by: "node"),
            Case("beyond the node", packet(client, "10.9.0.1", .syn(22)), .dropDefault, by: "default"),
            Case("other port", packet(client, "10.0.5.1", .syn(23)), .dropDefault, by: "default"),
            Case("before the range", packet(client, "10.0.0.1", .udp(7999)), .dropDefault, by: "default"),
            Case("end of the range", packet(client, "10.0.0.1", .udp(8099)), .passAllowed, by: "node"),
            Case("behind the range", packet(client, "10.0.0.1", .udp(8100)), .dropDefault, by: "default"),
            Case("range of another protocol", packet(client, "10.0.0.1", .syn(8000)), .dropDefault, by: "default"),
            Case("ping", packet(client, "10.0.0.1", .ping()), .passAllowed, by: "ping"),
            Case("ping6", packet("2001:db8:1::9", "2001:db8:ff::1", .ping6()), .passAllowed, by: "ping"),
            Case("no ping", packet(client, "10.0.0.1", .ping(13)), .dropDefault, by: "default"),
            Case(
                "protocol by number", packet(client, "10.0.0.1", .raw(IPProtocol(47), [0, 0])), .passAllowed,
                by: "node"),
            Case(
                "SCTP", packet(client, "10.0.0.1", .sctp(SCTPPacket(from: 1, to: 9, tag: 1))), .passAllowed,
                by: "node"),
            Case(
                "a type with its code",
                packet(client, "10.0.0.1", .icmp(ICMPMessage(error: 3, code: 4, parameter: 1400, quote: []))),
                .passAllowed, by: "too-big"),
            Case(
                "with another code",
                packet(client, "10.0.0.1", .icmp(ICMPMessage(error: 3, code: 1, quote: []))),
                .dropDefault, by: "default"),
            Case("transit", packet(client, "10.8.1.1", .syn(80)), .passAllowed, by: "beyond"),
            Case("transit elsewhere", packet(client, "10.7.255.255", .syn(80)), .dropDefault, by: "default"))
    }
}
