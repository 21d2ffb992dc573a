import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

@Suite struct PolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let rules: [RuleState]
        let packet: IPPacket
        let outcome: Outcome
        let rule: String?
        var allowsByDefault = false
        var testDescription: String { name }
    }

    private static let toShop = packet("203.0.113.9", "192.0.2.10", .syn(443))
    private static let toNode = packet("203.0.113.9", "10.0.0.1", .syn(22))
    private static let toTransit = packet("203.0.113.9", "10.9.9.9", .syn(22))
    private static let ssh = [TrafficMatch(.tcp, port: 22)]

    static let cases: [Case] = [
        // Destinations.
        Case(name: "default", rules: [], packet: toNode, outcome: .dropDefault, rule: "default"),
        Case(
            name: "default allow", rules: [], packet: toNode, outcome: .passDefault, rule: "default",
            allowsByDefault: true),
        Case(
            name: "default allow holds for subjects that rules name",
            rules: [Fixture.allow(to: [.node], ports: [TrafficMatch(.udp)])],
            packet: toNode, outcome: .passDefault, rule: "default", allowsByDefault: true),
        Case(name: "any is a service", rules: [Fixture.allow()], packet: toShop, outcome: .txForwarded, rule: "allow"),
        Case(name: "any is the node", rules: [Fixture.allow()], packet: toNode, outcome: .passAllowed, rule: "allow"),
        Case(name: "any is transit", rules: [Fixture.allow()], packet: toTransit, outcome: .passAllowed, rule: "allow"),
        Case(
            name: "the service", rules: [Fixture.allow(to: [.service(Fixture.shop)])], packet: toShop,
            outcome: .txForwarded, rule: "allow"),
        Case(
            name: "another service", rules: [Fixture.allow(to: [.service(Fixture.dns)])], packet: toShop,
            outcome: .dropDefault, rule: "default"),
        Case(
            name: "a set with the VIP", rules: [Fixture.allow(to: [.set(Fixture.shopAddresses)])], packet: toShop,
            outcome: .txForwarded, rule: "allow"),
        Case(
            name: "default allow for a service", rules: [], packet: toShop, outcome: .txForwarded, rule: "default",
            allowsByDefault: true),
        Case(
            name: "node", rules: [Fixture.allow(to: [.node])], packet: toNode, outcome: .passAllowed, rule: "allow"),
        Case(
            name: "node is not transit", rules: [Fixture.allow(to: [.node])], packet: toTransit, outcome: .dropDefault,
            rule: "default"),
        Case(
            name: "node is not a service", rules: [Fixture.allow(to: [.node])], packet: toShop, outcome: .dropDefault,
            rule: "default"),
        Case(
            name: "a set with the node", rules: [Fixture.allow(to: [.set(Fixture.nodeNet)])], packet: toNode,
            outcome: .passAllowed, rule: "allow"),
        Case(
            name: "a set with transit", rules: [Fixture.allow(to: [.set(Fixture.nodeNet)])], packet: toTransit,
            outcome: .passAllowed, rule: "allow"),
        Case(
            name: "multicast is the node's", rules: [Fixture.allow(to: [.node])],
            packet: packet("203.0.113.9", "224.0.0.251", .udp(5353)), outcome: .passAllowed, rule: "allow"),
        Case(
            name: "broadcast is the node's", rules: [Fixture.allow(to: [.node])],
            packet: packet("203.0.113.9", "255.255.255.255", .udp(5353)), outcome: .passAllowed, rule: "allow"),
        Case(
            name: "IPv6 multicast is the node's", rules: [Fixture.allow(to: [.node])],
            packet: packet("2001:db8:1::7", "ff02::fb", .udp(5353)), outcome: .passAllowed, rule: "allow"),
        Case(
            name: "a VIP that is the node's, on another port", rules: [Fixture.allow(to: [.node])],
            packet: packet("203.0.113.9", "10.0.0.1", .udp(54)), outcome: .passAllowed, rule: "allow"),
        Case(
            name: "a VIP that is the node's, on a served port", rules: [Fixture.allow(to: [.node])],
            packet: packet("203.0.113.9", "10.0.0.1", .udp(53)), outcome: .dropDefault, rule: "default"),

        // Sources.
        Case(
            name: "a source of the set", rules: [Fixture.allow(from: [Fixture.office])], packet: toNode,
            outcome: .passAllowed, rule: "allow"),
        Case(
            name: "a source of one of the sets", rules: [Fixture.allow(from: [Fixture.shopAddresses, Fixture.office])],
            packet: toNode, outcome: .passAllowed, rule: "allow"),
        Case(
            name: "an exception of the set", rules: [Fixture.allow(from: [Fixture.office])],
            packet: packet("203.0.113.200", "10.0.0.1", .syn(22)), outcome: .dropDefault, rule: "default"),
        Case(
            name: "no source at all", rules: [Fixture.allow(from: [])], packet: toNode, outcome: .dropDefault,
            rule: "default"),
        Case(
            name: "deny", rules: [Fixture.deny(from: [Fixture.office])], packet: toNode, outcome: .dropPolicy,
            rule: "deny",
            allowsByDefault: true),

        // Ports.
        Case(
            name: "the port", rules: [Fixture.allow(ports: ssh)], packet: toNode, outcome: .passAllowed, rule: "allow"),
        Case(
            name: "another protocol's port", rules: [Fixture.allow(ports: [TrafficMatch(.udp, port: 22)])],
            packet: toNode,
            outcome: .dropDefault, rule: "default"),
        Case(
            name: "ICMP type", rules: [Fixture.allow(ports: [TrafficMatch(.icmp, icmpType: 8)])],
            packet: packet("203.0.113.9", "10.0.0.1", .ping), outcome: .passAllowed, rule: "allow"),
        Case(
            name: "another ICMP code", rules: [Fixture.allow(ports: [TrafficMatch(.icmp, icmpType: 8, code: 1)])],
            packet: packet("203.0.113.9", "10.0.0.1", .ping), outcome: .dropDefault, rule: "default"),
        Case(
            name: "a protocol without ports", rules: [Fixture.allow(ports: [TrafficMatch(.gre)])],
            packet: packet("203.0.113.9", "10.0.0.1", .raw(.gre, [1, 2])), outcome: .passAllowed, rule: "allow"),

        // Precedence.
        Case(
            name: "deny before allow", rules: [Fixture.allow(ports: ssh), Fixture.deny(ports: ssh)], packet: toNode,
            outcome: .dropPolicy,
            rule: "deny"),
        Case(
            name: "priority before deny",
            rules: [Fixture.deny(ports: ssh), Fixture.allow("first", ports: ssh, priority: 1)],
            packet: toNode,
            outcome: .passAllowed, rule: "first"),
        Case(
            name: "among equals the first", rules: [Fixture.allow("one"), Fixture.allow("two")], packet: toNode,
            outcome: .passAllowed, rule: "one"),
        Case(
            name: "a rule that does not apply does not count",
            rules: [Fixture.deny(from: [Fixture.shopAddresses], priority: 9), Fixture.allow()], packet: toNode,
            outcome: .passAllowed, rule: "allow"),

        // Reasons in their order.
        Case(
            name: "no service before policy", rules: [Fixture.deny()],
            packet: packet("203.0.113.9", "192.0.2.10", .syn(80)),
            outcome: .dropNoService, rule: nil),
        Case(
            name: "policy before no backend", rules: [Fixture.deny()],
            packet: packet("203.0.113.9", "192.0.2.99", .syn(80)),
            outcome: .dropPolicy, rule: "deny"),
        Case(
            name: "no backend", rules: [Fixture.allow()], packet: packet("203.0.113.9", "192.0.2.99", .syn(80)),
            outcome: .dropNoBackend, rule: "allow"),
    ]

    @Test(arguments: cases) func decides(_ test: Case) {
        var oracle = Fixture.oracle(test.rules) { $0.ingressDefault = test.allowsByDefault ? .allow : .deny }
        let judgement = oracle.judge(test.packet)
        #expect(judgement.outcome == test.outcome)
        #expect(judgement.rule?.name == test.rule)
        #expect(judgement.rule.map { ($0.name == "default") == ($0.slot == 0) } ?? true)
    }

    @Test func namesServiceAndIdentities() {
        var oracle = Fixture.oracle([])
        let judgement = oracle.judge(Self.toShop)
        #expect(judgement.service == .init(name: "shop", slot: 0))
        #expect(judgement.backend == nil)
        #expect(judgement.identities == ["office", "net"])
        #expect(oracle.judge(packet("198.51.100.1", "10.0.0.1", .syn(1))).identities.isEmpty)
    }

    /// Which rule is named must not depend on where rules of different precedence stand in the list.
    @Test func orderOfUnequalRulesDoesNotMatter() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            // Distinct priorities, so that no two rules are equals.
            var rules = (0..<6).map { index in
                RuleState(
                    name: "\(index)", from: random.pick([nil, [0], [2], [0, 2]]),
                    to: random.pick([[.any], [.node], [.set(2)]]),
                    ports: random.pick([nil, Self.ssh]), action: random.pick([.allow, .deny]), priority: Int16(index),
                    slot: UInt32(index + 1), position: Position(file: "test.yaml"))
            }
            var sorted = Fixture.oracle(rules)
            rules.shuffle(using: &random)
            var shuffled = Fixture.oracle(rules)
            #expect(sorted.judge(Self.toNode) == shuffled.judge(Self.toNode), "seed \(seed)")
        }
    }
}
