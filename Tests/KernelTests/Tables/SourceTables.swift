import Oracle
import Packets
import TestSupport
import Testing

/// Who may use a service at all.
@Suite(.enabled(if: isRoot), .serialized)
struct SourceTables {
    private static func shop(
        _ name: String, from source: String, _ outcome: Outcome, by rule: String? = nil, _ payload: Payload = .syn(443),
        to vip: String? = nil, for service: String? = "shop", location: SourceLocation = #_sourceLocation
    ) -> Case {
        let vip = vip ?? (source.contains(":") ? "2001:db8::10" : "192.0.2.10")
        return Case(name, packet(source, vip, payload), outcome, by: rule, for: service, location: location)
    }

    @Test func cases() throws {
        try KernelNode.with { node in
            try node.publish(
                yaml: """
                    version: 1
                    interfaces: {nic: {}}
                    defaults: {ingress: allow, echo: reply}
                    identities:
                      office: {cidrs: [203.0.113.0/24, "2001:db8:1::/48"], except: [203.0.113.128/25]}
                    services:
                      shop:
                        vips: [192.0.2.10, "2001:db8::10", 192.0.2.64/26]
                        ports: [443/tcp, 8000-8099/tcp]
                        sources: [office, 198.51.100.0/24]
                        forward: ipip
                      open: {vips: [192.0.2.10], ports: [80/tcp], forward: ipip}
                    policies:
                      everybody: {from: any, to: shop, ports: [443/tcp], priority: 5}
                      nobody: {from: {cidr: 198.51.100.7}, to: any, action: deny, priority: 9}
                    """)
            try node.check(
                Self.shop("in the identity", from: "203.0.113.9", .dropNoBackend, by: "everybody"),
                Self.shop("in its exception", from: "203.0.113.129", .dropSource),
                Self.shop("IPv6", from: "2001:db8:1::7", .dropNoBackend, by: "everybody"),
                Self.shop("IPv6 outside", from: "2001:db8:2::7", .dropSource),
                Self.shop("in the prefix", from: "198.51.100.255", .dropNoBackend, by: "everybody"),
                Self.shop("outside, whatever the rules say", from: "198.51.101.0", .dropSource),
                Self.shop("inside, where a rule denies", from: "198.51.100.7", .dropPolicy, by: "nobody"),
                Self.shop("in a range", from: "203.0.113.9", .dropNoBackend, by: "default", .syn(8001)),
                Self.shop("outside, in a range", from: "10.1.1.1", .dropSource, .syn(8001)),
                Self.shop("outside, to a prefix", from: "10.1.1.1", .dropSource, to: "192.0.2.99"),
                Self.shop(
                    "another service of the VIP", from: "10.1.1.1", .dropNoBackend, by: "default", .syn(80),
                    for: "open"),
                Self.shop("the node's own", from: "10.0.0.1", .dropMalformed, for: nil))
            let ping = packet("10.1.1.1", "192.0.2.99", .ping())
            let answer = Frame(packet("192.0.2.99", "10.1.1.1", .ping(0)))
            try node.check(
                Case(
                    "echo is the VIP's, not the service's", Frame(ping).bytes, .txEcho, by: "default",
                    out: Frame(to: answer.source, from: answer.destination, answer.content).bytes))
            #expect(try node.packets(ofRule: 0) == 3, "no rule is charged with what sources refuse")
        }
    }
}
