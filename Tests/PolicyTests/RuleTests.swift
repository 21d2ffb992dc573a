import Net
import Testing

@testable import Policy

@Suite struct RuleTests {
    /// Identities and services that the rules name; eight lines with the version.
    private static let names = """
        version: 1
        identities:
          office: {cidrs: [203.0.113.0/24], labels: {site: paris, floor: 1}}
          web-1: {cidrs: [10.1.0.11], labels: {site: paris, tier: web}}
        services:
          shop: {vips: [192.0.2.10], ports: [443/tcp, 443/udp], forward: ipip}
          mail: {vips: [192.0.2.11], ports: [25/tcp], forward: ipip}
        policies:

        """

    private func rule(_ body: String) throws -> Rule {
        try #require(try parse([SourceFile(name: "f", text: Self.names + "  p: {\(body)}\n")]).0.rules.first)
    }

    @Test func everyKey() throws {
        let rule = try rule(
            """
            from: [office, {labels: {tier: web, site: paris}}, {cidr: 198.51.100.0/24, except: [198.51.100.0/25]},
              world],
              to: [node, {service: shop}, {identity: web-1}], ports: [443/tcp, tcp], action: deny, priority: -32768
            """)
        let prefix = try Prefix(parsing: "198.51.100.0/24")
        let except = try Prefix(parsing: "198.51.100.0/25")
        #expect(rule.position == Position(file: "f", line: 9, column: 3))
        #expect(
            rule.from == [
                .identity("office"), .labels(["tier": "web", "site": "paris"]), .cidr(prefix, except: [except]), .world,
            ])
        #expect(rule.to == [.node, .service("shop"), .identity("web-1")])
        #expect(rule.ports == [TrafficMatch(.tcp, port: 443), TrafficMatch(.tcp)])
        #expect(rule.action == .deny)
        #expect(rule.priority == -32768)
    }

    @Test func whatIsNotWritten() throws {
        let rule = try rule("from: any, to: any")
        #expect(rule.ports == nil)
        #expect(rule.action == .allow)
        #expect(rule.priority == 0)
    }

    @Test(arguments: [
        ("any", [Rule.Peer.any]), ("[any]", [.any]), ("node", [.node]), ("world", [.world]),
        ("[shop]", [.service("shop")]),
        ("shop", [.service("shop")]), ("web-1", [.identity("web-1")]), ("{service: shop}", [.service("shop")]),
        ("[{identity: office}, web-1]", [.identity("office"), .identity("web-1")]),
        ("{labels: {floor: '1'}}", [.labels(["floor": "1"])]),
    ])
    func formsOfPeers(text: String, peers: [Rule.Peer]) throws {
        #expect(try rule("from: any, to: \(text)").to == peers)
    }

    @Test(arguments: [
        ("443/tcp", TrafficMatch(.tcp, port: 443)), ("8000-8099/udp", TrafficMatch(.udp, 8000...8099)),
        ("1-65535/tcp", TrafficMatch(.tcp, 1...65535)), ("132/sctp", TrafficMatch(.sctp, port: 132)),
        ("tcp", TrafficMatch(.tcp)), ("icmp", TrafficMatch(.icmp)), ("gre", TrafficMatch(.gre)),
        ("esp", TrafficMatch(.esp)), ("ip/47", TrafficMatch(.gre)), ("ip/0", TrafficMatch(IPProtocol(0))),
        ("icmp/echo-request", TrafficMatch(.icmp, icmpType: 8)), ("icmp/8", TrafficMatch(.icmp, icmpType: 8)),
        ("icmp/3/4", TrafficMatch(.icmp, icmpType: 3, code: 4)),
        ("icmpv6/packet-too-big", TrafficMatch(.icmpv6, icmpType: 2)),
        ("icmpv6/destination-unreachable/4", TrafficMatch(.icmpv6, icmpType: 1, code: 4)),
    ])
    func formsOfPorts(text: String, match: TrafficMatch) throws {
        #expect(try TrafficMatch(parsing: text) == match)
        #expect(try TrafficMatch(parsing: match.description) == match)
    }

    @Test(arguments: [
        ("443", "the port \"443\" has no protocol: write 443/tcp or /udp"),
        ("443/icmp", "icmp has no ports: write icmp/TYPE"),
        ("443/gre", "gre has no ports"),
        ("443/tcpp", "unknown protocol \"tcpp\": did you mean tcp?"),
        ("443/TCP", "unknown protocol \"TCP\": did you mean tcp?"),
        ("443/", "unknown protocol \"\": use icmp, tcp, udp, gre, esp, ah, icmpv6, sctp, or ip/NUMBER"),
        ("443/tcp/x", "\"443/tcp/x\" is no port: write it like 443/tcp or 8000-8099/tcp"),
        ("4x3/tcp", "\"4x3/tcp\" is no port: write it like 443/tcp or 8000-8099/tcp"),
        ("0443/tcp", "\"0443/tcp\" is no port: write it like 443/tcp or 8000-8099/tcp"),
        ("0/tcp", "\"0/tcp\" is out of range: ports are 1 to 65535"),
        ("0-80/tcp", "\"0-80/tcp\" is out of range: ports are 1 to 65535"),
        ("1-65536/tcp", "\"1-65536/tcp\" is out of range: ports are 1 to 65535"),
        (
            "99999999999999999999/tcp", "\"99999999999999999999/tcp\" is out of range: ports are 1 to 65535"
        ),
        ("81-80/tcp", "the range \"81-80/tcp\" ends before it starts"),
        ("80-/tcp", "\"80-/tcp\" is no port: write it like 443/tcp or 8000-8099/tcp"),
        ("tcp/443", "\"tcp/443\" has something after the protocol: write the port first, as 443/tcp"),
        ("gre/3", "\"gre/3\" has something after the protocol: write gre"),
        ("http", "unknown protocol \"http\": use icmp, tcp, udp, gre, esp, ah, icmpv6, sctp, or ip/NUMBER"),
        ("icmp/echo-reqest", "\"echo-reqest\" is no icmp type: did you mean echo-request?"),
        ("icmp/nd-redirect", "\"nd-redirect\" is no icmp type: it is a type of icmpv6"),
        ("icmp/256", "\"256\" is no icmp type: types are 0 to 255, or a name like echo-request"),
        ("icmp/3/256", "\"256\" is no icmp code: codes are 0 to 255"),
        ("icmp/3/4/5", "\"icmp/3/4/5\" has too many parts: write icmp/TYPE or icmp/TYPE/CODE"),
        ("ip", "\"ip\" is no protocol: write ip/NUMBER with a number from 0 to 255"),
        ("ip/256", "\"ip/256\" is no protocol: write ip/NUMBER with a number from 0 to 255"),
    ])
    func noPorts(text: String, message: String) {
        #expect(
            diagnostics("version: 1\npolicies: {p: {from: any, to: any, ports: [\"\(text)\"]}}\n") == [
                "f:2:44: error: \(message)"
            ])
    }

    @Test(arguments: [
        Case.rule("from: [], to: any", "f:9:13: error: \"from\" is empty: write any to mean every address"),
        .rule("from: any, to: ", "f:9:22: error: \"to\" is empty: write any to mean every address"),
        .rule("to: any", "f:9:3: error: a policy needs the key \"from\""),
        .rule("form: any, to: any", "f:9:7: error: unknown key \"form\" in a policy: did you mean \"from\"?"),
        .rule("from: any, to: any, ports: []", "f:9:34: error: \"ports\" is empty: leave it out to mean all ports"),
        .rule("from: any, to: any, ports: ", "f:9:34: error: \"ports\" is empty: leave it out to mean all ports"),
        .rule("from: any, to: any, ports: tcp", "f:9:34: error: \"ports\" must be a list: write [tcp]"),
        .rule(
            "from: any, to: any, ports: [443/tcp, 443/tcp]", "f:9:44: warning: the port 443/tcp is in this list twice"),
        .rule(
            "from: any, to: any, action: permit", "f:9:35: error: the action cannot be \"permit\": use allow or deny"),
        .rule(
            "from: any, to: any, priority: 32768",
            "f:9:37: error: the priority 32768 is out of range: it is -32768 to 32767"),
        .rule("from: [office, {identity: office}], to: any", "f:9:22: warning: this peer is in the list twice"),
        .rule(
            "from: ofice, to: sohp",
            "f:9:13: error: there is no identity or service \"ofice\": did you mean \"office\"?",
            "f:9:24: error: there is no identity or service \"sohp\": did you mean \"shop\"?"),
        .rule(
            "from: world1, to: any",
            "f:9:13: error: there is no identity or service \"world1\": did you mean \"world\"?"),
        .rule(
            "from: {identity: web}, to: {service: shopp}", "f:9:24: error: there is no identity \"web\"",
            "f:9:44: error: there is no service \"shopp\": did you mean \"shop\"?"),
        .rule(
            "from: shop, to: any",
            "f:9:13: error: the service \"shop\" cannot be in from: a service opens no connections"),
        .rule(
            "from: {service: shop}, to: any",
            "f:9:23: error: the service \"shop\" cannot be in from: a service opens no connections"),
        .rule(
            "from: node, to: any",
            "f:9:13: error: node cannot be in from: what the node itself sends is not filtered at ingress"),
        .rule("from: {identity: any}, to: any", "f:9:24: error: any is no identity: write any by itself"),
        .rule("from: {identity: shop}, to: any", "f:9:24: error: \"shop\" is a service: write {service: shop}"),
        .rule("from: any, to: {service: office}", "f:9:32: error: \"office\" is an identity: write {identity: office}"),
        .rule("from: 10.0.0.0/8, to: any", "f:9:13: error: \"10.0.0.0/8\" is no name: write {cidr: 10.0.0.0/8}"),
        .rule(
            "from: {cidr: 10.0.0.1/8}, to: any",
            "f:9:20: error: the prefix \"10.0.0.1/8\" has host bits set: did you mean 10.0.0.0/8?"),
        .rule(
            "from: {cidr: [10.0.0.0/8]}, to: any",
            "f:9:20: error: \"cidr\" takes one prefix: write a peer for each, or an identity with cidrs"),
        .rule(
            "from: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}, to: any",
            "f:9:41: error: the exception 10.0.0.0/8 is not inside a prefix of its list: "
                + "remove the prefix itself instead"
        ),
        .rule(
            "from: {identity: office, except: [203.0.113.1]}, to: any",
            "f:9:40: error: \"except\" goes with cidr only"),
        .rule(
            "from: {identity: office, cidr: 10.0.0.0/8}, to: any",
            "f:9:13: error: this peer has both identity and cidr: "
                + "a peer has one of identity, labels, cidr and service; several peers are a list"),
        .rule(
            "from: {}, to: any",
            "f:9:13: error: this peer names nothing: "
                + "a peer has one of identity, labels, cidr and service; several peers are a list"),
        .rule(
            "from: {label: {a: b}}, to: any", "f:9:14: error: unknown key \"label\" in a peer: did you mean \"labels\"?"
        ),
        .rule(
            "from: {labels: {}}, to: any", "f:9:22: error: \"labels\" is empty: leave it out, or write {name: value}"),
        .rule("from: [[office]], to: any", "f:9:14: error: the peer must be a single value, this is a list"),
        .rule(
            "from: {labels: {tier: web, floor: 1}}, to: any",
            "f:9:22: warning: no identity carries the labels \"floor: 1, tier: web\": the peer holds no address"),
        .rule(
            "from: any, to: shop, ports: [443/tcp, 80/tcp]",
            "f:9:45: warning: the service \"shop\" has no port 80/tcp: the rule opens nothing there"),
        .rule("from: any, to: [shop, mail], ports: [25/tcp, 443/udp]"),
        .rule(
            "from: any, to: [shop, mail], ports: [1-24/tcp]",
            "f:9:44: warning: none of the services has the port 1-24/tcp: the rule opens nothing there"),
        .rule("from: any, to: [shop, node], ports: [80/tcp]"),
        .rule("from: any, to: shop, ports: [1-1000/tcp, tcp]"),
    ])
    func mistakes(_ test: Case) {
        #expect(diagnostics(Self.names + test.text) == test.expected)
    }
}

extension Case {
    /// One policy, in line 9; its body starts in column 7.
    fileprivate static func rule(_ body: String, _ expected: String...) -> Case {
        Case(text: "  p: {\(body)}\n", expected: expected)
    }
}
