import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// ICMP to VIPs, and whatever is no service's port.
@Suite struct VIPTests {
    private static let ping = packet("203.0.113.9", "192.0.2.10", .ping)
    private static let ping6 = packet("2001:db8:1::7", "2001:db8::10", .ping6)
    private static let echo = [TrafficMatch(.icmp, icmpType: 8)]

    private func oracle(_ rules: [RuleState], echo: Bool = true) -> Oracle {
        Fixture.oracle(rules) { $0.echoReply = echo }
    }

    @Test(arguments: [Self.ping, Self.ping6]) func answersEcho(_ request: IPPacket) {
        var oracle = oracle([])
        let frame = Frame(to: Fixture.mac0, from: Fixture.router, tags: [.init(9)], .ip(request))
        let judgement = oracle.judge(frame: frame.bytes + [0xEE], interface: Fixture.eth0)
        let type: UInt8 = request.destination.family == .v4 ? 0 : 129
        let message = ICMPMessage(echo: type, identifier: 0x1234, data: [1, 2, 3])
        let reply = IPPacket(
            from: request.destination, to: request.source,
            request.destination.family == .v4 ? .icmp(message) : .icmpv6(message))
        #expect(judgement.outcome == .txEcho)
        #expect(judgement.egress == Fixture.eth0)
        #expect(judgement.rule == .init(name: "default", slot: 0))
        #expect(judgement.service == nil)
        let expected = Frame(to: Fixture.router, from: Fixture.mac0, tags: [.init(9)], .ip(reply)).bytes + [0xEE]
        #expect(judgement.bytes == expected)
    }

    /// Options, TTL, identification and extension headers stay.
    @Test func answersWithTheSameHeaders() {
        var oracle = oracle([])
        let plain = Self.ping.v4 {
            $0.options = [1, 1, 1, 1]
            $0.timeToLive = 7
            $0.identification = 99
        }
        let reply = packet(
            "192.0.2.10", "203.0.113.9", .icmp(ICMPMessage(echo: 0, identifier: 0x1234, data: [1, 2, 3]))
        ).v4 {
            $0.options = [1, 1, 1, 1]
            $0.timeToLive = 7
            $0.identification = 99
        }
        #expect(oracle.judge(plain).bytes?.dropFirst(14) == reply.bytes[...])
        let extended = Self.ping6.v6 { $0.extensionHeaders = [.hopByHop(), .destinationOptions()] }
        let sent = oracle.judge(extended).bytes.flatMap { Frame(bytes: $0) }
        guard case .ip(.v6(let packet)) = sent?.content, case .icmpv6(let message) = packet.payload else {
            Issue.record("no reply")
            return
        }
        #expect(message.type == 129)
        #expect(message.checksum == nil)
        #expect(packet.extensionHeaders.count == 2)
    }

    @Test(
        arguments: [
            ("no rule", [], Outcome.txEcho, "default"),
            ("allowed", [Fixture.allow(ports: echo)], .txEcho, "allow"),
            ("denied to any", [Fixture.deny()], .dropPolicy, "deny"),
            ("denied to the service", [Fixture.deny(to: [.service(Fixture.shop)], ports: echo)], .dropPolicy, "deny"),
            ("denied to another service", [Fixture.deny(to: [.service(Fixture.dns)])], .txEcho, "default"),
            ("denied to the address", [Fixture.deny(to: [.set(Fixture.shopAddresses)])], .dropPolicy, "deny"),
            ("denied to the node", [Fixture.deny(to: [.node])], .txEcho, "default"),
            ("another type denied", [Fixture.deny(ports: [TrafficMatch(.icmp, icmpType: 13)])], .txEcho, "default"),
            ("denied to others", [Fixture.deny(from: [Fixture.shopAddresses])], .txEcho, "default"),
        ] as [(String, [RuleState], Outcome, String)])
    func rulesOnEcho(_ name: String, _ rules: [RuleState], _ outcome: Outcome, _ rule: String) {
        var oracle = oracle(rules)
        let judgement = oracle.judge(Self.ping)
        #expect(judgement.outcome == outcome)
        #expect(judgement.rule?.name == rule)
    }

    @Test(
        arguments: [
            ("echo is off", ping, false, Outcome.dropNoService),
            (
                "a reply", packet("203.0.113.9", "192.0.2.10", .icmp(ICMPMessage(echo: 0, identifier: 1))), true,
                .dropNoService
            ),
            ("another type", packet("203.0.113.9", "192.0.2.10", .icmp(ICMPMessage(type: 13))), true, .dropNoService),
            ("another port", packet("203.0.113.9", "192.0.2.10", .syn(80)), true, .dropNoService),
            ("another protocol's port", packet("203.0.113.9", "192.0.2.53", .syn(53)), true, .dropNoService),
            ("another protocol", packet("203.0.113.9", "192.0.2.10", .raw(.gre, [0, 0])), true, .dropNoService),
            ("a fragment", ping.v4 { $0.moreFragments = true }, true, .dropFragment),
            ("a fragment, echo is off", ping.v4 { $0.moreFragments = true }, false, .dropNoService),
            ("to the node's VIP", packet("203.0.113.9", "10.0.0.1", .ping), true, .passAllowed),
        ] as [(String, IPPacket, Bool, Outcome)])
    func noAnswer(_ name: String, _ packet: IPPacket, _ echo: Bool, _ outcome: Outcome) {
        var oracle = oracle([Fixture.allow()], echo: echo)
        let judgement = oracle.judge(packet)
        #expect(judgement.outcome == outcome)
        #expect(judgement.bytes == nil)
        #expect(judgement.rule == (outcome == .passAllowed ? .init(name: "allow", slot: 7) : nil))
    }

    /// RFC 1624, equation 3, also where the request's checksum was wrong.
    @Test func wrongChecksumStaysWrong() {
        var message = ICMPMessage(echo: 8, identifier: 0x1234)
        message.checksum = 0x1111
        var oracle = oracle([])
        let bytes = oracle.judge(packet("203.0.113.9", "192.0.2.10", .icmp(message))).bytes ?? []
        #expect(bytes.count > 38 && Array(bytes[36..<38]) == [0x19, 0x11])
    }
}
