import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// ICMP errors about what VIPs and the node have sent.
@Suite struct ErrorTests {
    private static let router = "198.51.100.1"
    private static let router6 = "2001:db8:99::1"

    /// What a backend has sent to a client of `shop`.
    private static let answer = packet("192.0.2.10", "203.0.113.9", .ack(40000, from: 443, [1, 2, 3, 4, 5, 6, 7, 8]))
    private static let answer6 = packet("2001:db8::10", "2001:db8:1::7", .ack(40000, from: 443))

    private static func error(_ quoted: IPPacket, to: String? = nil, type: UInt8 = 3, keep: Int? = nil) -> IPPacket {
        let quote = keep.map { Array(quoted.bytes.prefix($0)) } ?? quoted.shortQuote
        let message = ICMPMessage(error: type, code: 1, quote: quote)
        return quoted.source.family == .v4
            ? packet(router, to ?? quoted.source.description, .icmp(message))
            : packet(router6, to ?? quoted.source.description, .icmpv6(message))
    }

    /// The client is allowed, the router is not.
    private static let rules = [Fixture.allow(from: [Fixture.office], to: [.service(Fixture.shop)])]

    @Test(arguments: [
        error(answer), error(answer, type: 11), error(answer, type: 12), error(answer, keep: 40),
        error(answer.v4 { $0.options = [1, 1, 1, 1] }), error(answer6, type: 1), error(answer6, type: 2),
        error(answer6, type: 4, keep: 52),
    ])
    func followsTheFlow(_ error: IPPacket) {
        let slots = (0..<64).map { UInt16($0 % 2) }
        var oracle = Fixture.oracle(Self.rules) { $0.services[Fixture.shop].slots.current = slots }
        let judgement = oracle.judge(error)
        let client = error.destination.family == .v4 ? "203.0.113.9" : "2001:db8:1::7"
        let flow = packet(client, error.destination.description, .ack(443))
        let data = oracle.judge(flow)
        #expect(judgement.outcome.action != .drop)
        #expect(judgement.outcome == data.outcome)
        #expect(judgement.backend == data.backend)
        #expect(judgement.rule?.name == "allow")
        #expect(judgement.identities == data.identities)
        #expect(judgement.bytes?.suffix(error.bytes.count) == error.bytes[...])
        #expect(judgement.bytes?.prefix(34) != nil && judgement.bytes?.prefix(14) == data.bytes?.prefix(14))
    }

    @Test(
        arguments: [
            (
                "a client that may not", error(packet("192.0.2.10", "203.0.113.200", .ack(40000, from: 443))),
                Outcome.dropDefault
            ),
            ("no service's flow", error(packet("192.0.2.10", "203.0.113.9", .ack(40000, from: 80))), .dropNoService),
            ("another type of message", error(answer, type: 5), .dropNoService),
            (
                "somebody else's packet",
                error(packet("192.0.2.11", "203.0.113.9", .ack(1, from: 443)), to: "192.0.2.10"), .dropMalformed
            ),
            ("the node as client", error(packet("192.0.2.10", "10.0.0.1", .ack(40000, from: 443))), .dropMalformed),
            ("no quote", error(answer, keep: 0), .dropMalformed),
            ("a quote too short by a byte", error(answer, keep: 27), .dropMalformed),
            ("a quote of a later fragment", error(answer.v4 { $0.fragmentOffset = 1 }), .dropMalformed),
            ("a quote of the other family", error(answer6, to: "2001:db8::10", type: 1, keep: 47), .dropMalformed),
            ("a quote's version", error(answer.v4 { $0.version = 5 }), .dropMalformed),
            ("a quote's header length", error(answer.v4 { $0.headerLength = 4 }), .dropMalformed),
            ("a fragment", error(answer).v4 { $0.moreFragments = true }, .dropFragment),
            (
                "a quoted extension header",
                error(answer6.v6 { $0.extensionHeaders = [.hopByHop()] }, type: 1, keep: 80), .dropNoService
            ),
            ("a quoted ping", error(packet("192.0.2.10", "203.0.113.9", .ping)), .dropNoService),
        ] as [(String, IPPacket, Outcome)])
    func refused(_ name: String, _ error: IPPacket, _ outcome: Outcome) {
        var oracle = Fixture.oracle(Self.rules)
        #expect(oracle.judge(error).outcome == outcome, "\(error)")
    }

    /// 10.0.0.1 is a VIP of `dns` and the node's own.
    @Test(
        arguments: [
            ("a service's flow", error(packet("10.0.0.1", "203.0.113.9", .udp(40000, from: 53))), Outcome.txForwarded),
            ("another flow", error(packet("10.0.0.1", "203.0.113.9", .udp(40000, from: 54))), .dropDefault),
            ("no quote", error(packet("10.0.0.1", "203.0.113.9", .udp(1)), keep: 0), .dropDefault),
            (
                "somebody else's packet",
                error(packet("10.0.0.2", "203.0.113.9", .udp(40000, from: 53)), to: "10.0.0.1"), .dropDefault
            ),
            (
                "a fragment",
                error(packet("10.0.0.1", "203.0.113.9", .udp(40000, from: 53))).v4 { $0.moreFragments = true },
                .dropDefault
            ),
        ] as [(String, IPPacket, Outcome)])
    func toTheNodesVIP(_ name: String, _ error: IPPacket, _ outcome: Outcome) {
        var oracle = Fixture.oracle([Fixture.allow(from: [Fixture.office], to: [.service(Fixture.dns)])])
        #expect(oracle.judge(error).outcome == outcome, "\(error)")
    }

    @Test func ordinaryWhereNoVIPIsMeant() {
        let error = Self.error(packet("10.9.9.9", "203.0.113.9", .udp(1)))
        var denying = Fixture.oracle([])
        #expect(denying.judge(error).outcome == .dropDefault)
        var allowing = Fixture.oracle([Fixture.allow(ports: [TrafficMatch(.icmp, icmpType: 3, code: 1)])])
        #expect(allowing.judge(error).outcome == .passAllowed)
    }
}
