import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// What must hold of every frame.
@Suite struct RandomTests {
    private static let interests = PacketGenerator.Interests(
        sources: Fixture.addresses(
            "203.0.113.9", "203.0.113.77", "203.0.113.200", "198.51.100.1", "127.0.0.1", "2001:db8:1::7", "fe80::1"),
        destinations: Fixture.addresses(
            "192.0.2.10", "192.0.2.53", "192.0.2.99", "10.0.0.1", "10.9.9.9", "2001:db8::10", "2001:db8:f::1"),
        ports: [443, 53, 80, 22],
        services: [
            .init(Fixture.address("192.0.2.10"), .tcp, 443), .init(Fixture.address("2001:db8::10"), .udp, 443),
            .init(Fixture.address("192.0.2.53"), .udp, 53), .init(Fixture.address("192.0.2.99"), .tcp, 80),
            .init(Fixture.address("192.0.2.129"), .tcp, 8042),
        ], tunnelEnds: Fixture.addresses("10.0.0.1", "2001:db8:f::1"), tunnelPorts: [.vxlan: 4789],
        networks: [7, 8])

    private static let rules = [
        Fixture.deny("bad", from: [2], ports: [TrafficMatch(.udp)], priority: 5), Fixture.allow("office", from: [0]),
        Fixture.allow("ping", ports: [TrafficMatch(.icmp), TrafficMatch(.icmpv6)]),
    ]

    private static let knownSeed: UInt64 = 0x51_0CE

    @Test(arguments: [knownSeed, UInt64.random(in: 0...UInt64.max)]) func judgementsAreConsistent(_ seed: UInt64) {
        var generator = PacketGenerator(Self.interests, seed: seed)
        var oracle = Fixture.oracle(Self.rules) {
            $0.echoReply = true
            $0.services[1].slots.current = [0, 1]
            $0.services[0].slots = ServiceSlots(current: [0, 1, 0], previous: [1, .max, 1], drainEnd: 1050)
        }
        var seen: Set<Outcome> = []
        for round in 0..<4000 {
            oracle.now = 1000 + UInt64(round / 60)
            let frame = generator.next()
            let judgement = oracle.judge(frame: frame, interface: round % 5 == 0 ? Fixture.eth1 : Fixture.eth0)
            let context = { Comment(rawValue: "seed \(seed), round \(round)\n\(judgement)\n\(Frame.dump(frame))") }
            seen.insert(judgement.outcome)
            #expect(judgement.outcome != .dropInternal, context())
            #expect(
                judgement.action == judgement.outcome.action
                    || judgement.outcome == .dropTooBig && judgement.action == .tx, context())
            let isSent = judgement.action == .tx || judgement.action == .redirect
            #expect(!isSent || judgement.bytes != nil, context())
            #expect(judgement.action != .drop || judgement.bytes == nil, context())
            if let bytes = judgement.bytes { checkSent(bytes, judgement, context) }
            if judgement.outcome == .dropPolicy { #expect(judgement.rule?.name == "bad", context()) }
            if judgement.outcome == .passAllowed { #expect(judgement.rule.map { $0.slot != 0 } ?? false, context()) }
        }
        // With another seed something rare might be missing.
        guard seed == Self.knownSeed else { return }
        let missing = Set(Outcome.allCases).subtracting(seen)
        let elsewhere: Set<Outcome> = [.dropTailCall, .dropInternal, .dropNoRoute, .passDefault, .passReply]
        // The fixture has no service with `nat`.
        let translated: Set<Outcome> = [
            .passForwarded, .txReply, .redirectReply, .redirectReplyResolve, .dropHopLimit, .dropNoPort, .dropNoFlow,
        ]
        #expect(missing == elsewhere.union(translated))
    }

    /// A frame that goes out is one that parses, with a right header checksum where the data path made the header.
    private func checkSent(_ bytes: [UInt8], _ judgement: Judgement, _ context: () -> Comment) {
        guard case .ip(let packet) = Frame(bytes: bytes)?.content else {
            Issue.record(context())
            return
        }
        if judgement.service?.name == "shop", judgement.action != .drop, case .v4(let outer) = packet {
            #expect(outer.checksum == nil, context())
        }
    }

    /// Invariant 1, with everything that can be thrown at it.
    @Test func defaultDeny() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = PacketGenerator(Self.interests, seed: seed)
        var oracle = Fixture.oracle([])
        for round in 0..<3000 {
            let frame = generator.next()
            let judgement = oracle.judge(frame: frame, interface: Fixture.eth0)
            #expect(
                judgement.outcome == .passUpkeep || judgement.action == .drop,
                "seed \(seed), round \(round)\n\(judgement)\n\(Frame.dump(frame))")
        }
    }
}
