import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// Replies to what the node itself has sent, under a file that allows nothing.
@Suite struct TrackingTests {
    private static let node = "10.0.0.1"
    private static let peer = "203.0.113.9"

    private static func out(_ payload: Payload) -> [UInt8] { Frame(packet(node, peer, payload)).bytes }

    private static func tcp(_ flags: TCPSegment.Flags) -> IPPacket {
        packet(peer, node, .tcp(TCPSegment(from: 80, to: 5000, flags)))
    }

    private static let syn = out(.syn(80, from: 5000))
    private static let synAck = tcp([.syn, .ack])

    private static func error(about sent: [UInt8]) -> IPPacket {
        packet("198.51.100.1", node, .icmp(ICMPMessage(error: 11, quote: sent.dropFirst(14))))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let sent: [[UInt8]]
        let received: IPPacket
        let outcome: Outcome
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing sent", sent: [], received: synAck, outcome: .dropDefault),
        Case(name: "SYN, ACK", sent: [syn], received: synAck, outcome: .passReply),
        Case(name: "RST", sent: [syn], received: tcp(.rst), outcome: .passReply),
        Case(name: "a SYN is no reply", sent: [syn], received: tcp(.syn), outcome: .dropDefault),
        Case(
            name: "another port", sent: [syn], received: packet(peer, node, .ack(5001, from: 80)), outcome: .dropDefault
        ),
        Case(
            name: "another peer", sent: [syn], received: packet("203.0.113.10", node, .ack(5000, from: 80)),
            outcome: .dropDefault),
        Case(
            name: "no SYN opens nothing", sent: [out(.ack(80, from: 5000))], received: synAck, outcome: .dropDefault),
        Case(
            name: "UDP", sent: [out(.udp(53, from: 5000))], received: packet(peer, node, .udp(5000, from: 53)),
            outcome: .passReply),
        Case(
            name: "UDP is not TCP", sent: [out(.udp(80, from: 5000))], received: synAck, outcome: .dropDefault),
        Case(
            name: "GRE", sent: [out(.raw(.gre, [0, 0, 8, 0]))], received: packet(peer, node, .raw(.gre, [0, 0, 8, 0])),
            outcome: .passReply),
        Case(
            name: "SCTP", sent: [out(.sctp(SCTPPacket(from: 5000, to: 80, tag: 0)))],
            received: packet(peer, node, .sctp(SCTPPacket(from: 80, to: 5000, tag: 1))), outcome: .passReply),
        Case(
            name: "echo reply", sent: [out(.ping)],
            received: packet(peer, node, .icmp(ICMPMessage(echo: 0, identifier: 0x1234))), outcome: .passReply),
        Case(
            name: "echo reply with another identifier", sent: [out(.ping)],
            received: packet(peer, node, .icmp(ICMPMessage(echo: 0, identifier: 0x1235))), outcome: .dropDefault),
        Case(
            name: "an echo request is no reply", sent: [out(.ping)], received: packet(peer, node, .ping),
            outcome: .dropDefault),
        Case(
            name: "a sent echo reply opens nothing", sent: [out(.icmp(ICMPMessage(echo: 0, identifier: 0x1234)))],
            received: packet(peer, node, .icmp(ICMPMessage(echo: 0, identifier: 0x1234))), outcome: .dropDefault),
        Case(name: "an error about TCP", sent: [syn], received: error(about: syn), outcome: .passReply),
        Case(
            name: "an error about a ping", sent: [out(.ping)], received: error(about: out(.ping)), outcome: .passReply),
        Case(
            name: "an error about another flow", sent: [syn], received: error(about: out(.syn(81, from: 5000))),
            outcome: .dropDefault),
        Case(
            name: "a fragmented error", sent: [syn], received: error(about: syn).v4 { $0.moreFragments = true },
            outcome: .dropDefault),
        Case(
            name: "a tagged frame is the same flow",
            sent: [Frame(packet(node, peer, .syn(80, from: 5000)), tags: [.init(5)]).bytes], received: synAck,
            outcome: .passReply),
    ]

    @Test(arguments: cases) func passesReplies(_ test: Case) {
        var oracle = Fixture.oracle([])
        for frame in test.sent { oracle.observeEgress(frame: frame) }
        let judgement = oracle.judge(test.received)
        #expect(judgement.outcome == test.outcome)
        #expect(judgement.rule == (test.outcome == .passReply ? nil : .init(name: "default", slot: 0)))
        #expect(judgement.bytes == nil)
    }

    /// A rule that denies keeps peers from opening flows, not from answering.
    @Test func denyDoesNotStopReplies() {
        var oracle = Fixture.oracle([Fixture.deny()])
        oracle.observeEgress(frame: Self.syn)
        #expect(oracle.judge(Self.synAck).outcome == .passReply)
        #expect(oracle.judge(Self.tcp(.syn)).outcome == .dropPolicy)
    }

    @Test func overIPv6() {
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Frame(packet("2001:db8:f::1", "2001:db8:1::7", .ping6)).bytes)
        let reply = packet("2001:db8:1::7", "2001:db8:f::1", .icmpv6(ICMPMessage(echo: 129, identifier: 0x1234)))
        #expect(oracle.judge(reply).outcome == .passReply)
    }

    /// A long reply to a ping comes in fragments.
    @Test func fragmentsOfAReply() {
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Self.out(.ping))
        let reply = packet(Self.peer, Self.node, .icmp(ICMPMessage(echo: 0, identifier: 0x1234)))
        #expect(oracle.judge(reply.v4 { $0.moreFragments = true }).outcome == .passReply)
        var later = reply
        later.payload = .raw(.icmp, [1, 2, 3])
        #expect(oracle.judge(later.v4 { $0.fragmentOffset = 50 }).outcome == .passReply)
    }

    // MARK: Lifetimes

    /// What is received, each so many seconds after the one before.
    @Test(
        arguments: [
            ("opening", [(120, synAck, true)]),
            ("never answered", [(121, synAck, false)]),
            ("open", [(1, synAck, true), (7440, tcp(.ack), true), (7440, tcp(.ack), true)]),
            ("open, then silent", [(1, synAck, true), (7441, tcp(.ack), false)]),
            ("closing", [(1, synAck, true), (1, tcp([.fin, .ack]), true), (30, tcp(.ack), true)]),
            ("closed", [(1, synAck, true), (1, tcp([.fin, .ack]), true), (31, tcp(.ack), false)]),
            ("reset", [(1, tcp(.rst), true), (31, tcp(.ack), false)]),
            ("an error keeps nothing alive", [(100, error(about: syn), true), (100, synAck, false)]),
        ] as [(String, [(UInt64, IPPacket, Bool)])])
    func lifetimes(_ name: String, _ received: [(UInt64, IPPacket, Bool)]) {
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Self.syn)
        for (after, packet, passes) in received {
            oracle.now += after
            #expect(oracle.judge(packet).outcome == (passes ? .passReply : .dropDefault), "at \(oracle.now): \(packet)")
        }
    }

    /// Closing after a long silence still leaves time for the last replies.
    @Test func closedByTheNode() {
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Self.syn)
        #expect(oracle.judge(Self.synAck).outcome == .passReply)
        oracle.now += 3600
        oracle.observeEgress(frame: Self.out(.tcp(TCPSegment(from: 5000, to: 80, [.fin, .ack]))))
        oracle.now += 30
        #expect(oracle.judge(Self.tcp(.ack)).outcome == .passReply)
        oracle.now += 31
        #expect(oracle.judge(Self.tcp([.fin, .ack])).outcome == .dropDefault)
    }

    @Test func datagramFlowsLiveFiveMinutes() {
        let reply = packet(Self.peer, Self.node, .udp(5000, from: 53))
        var oracle = Fixture.oracle([])
        oracle.observeEgress(frame: Self.out(.udp(53, from: 5000)))
        oracle.now += 300
        #expect(oracle.judge(reply).outcome == .passReply)
        oracle.now += 300
        oracle.observeEgress(frame: Self.out(.udp(53, from: 5000)))
        oracle.now += 300
        #expect(oracle.judge(reply).outcome == .passReply)
        oracle.now += 301
        #expect(oracle.judge(reply).outcome == .dropDefault)
    }

    /// Else revoking a rule would not cut what it had allowed.
    @Test func answersToPeersOpenNothing() {
        let request = packet(Self.peer, Self.node, .udp(5000, from: 53))
        let answer = Self.out(.udp(53, from: 5000))
        var oracle = Fixture.oracle([Fixture.allow()])
        #expect(oracle.judge(request).outcome == .passAllowed)
        oracle.observeEgress(frame: answer)
        oracle.state = Fixture.state([])
        #expect(oracle.judge(request).outcome == .dropDefault)
        // However long the node goes on answering.
        oracle.now += 200
        oracle.observeEgress(frame: answer)
        oracle.now += 200
        oracle.observeEgress(frame: answer)
        #expect(oracle.judge(request).outcome == .dropDefault)
        // Once it has been silent, what it sends is a flow of its own.
        oracle.now += 301
        oracle.observeEgress(frame: answer)
        #expect(oracle.judge(request).outcome == .passReply)
    }

    @Test func whatTheNodeOpenedFirstStaysItsOwn() {
        let reply = packet(Self.peer, Self.node, .udp(5000, from: 53))
        var oracle = Fixture.oracle([Fixture.allow()])
        oracle.observeEgress(frame: Self.out(.udp(53, from: 5000)))
        #expect(oracle.judge(reply).outcome == .passAllowed)
        oracle.observeEgress(frame: Self.out(.udp(53, from: 5000)))
        oracle.state = Fixture.state([])
        #expect(oracle.judge(reply).outcome == .passReply)
    }

    @Test func rubbishOpensNothing() {
        var random = SplitMix64(seed: 9)
        var oracle = Fixture.oracle([])
        for count in 0..<200 { oracle.observeEgress(frame: random.bytes(count)) }
        var land = Frame(packet(Self.node, Self.node, .syn(80)))
        oracle.observeEgress(frame: land.bytes)
        land.content = .ip(packet(Self.node, Self.peer, .syn(80, from: 5000)).v4 { $0.fragmentOffset = 5 })
        oracle.observeEgress(frame: land.bytes)
        #expect(oracle.judge(Self.synAck).outcome == .dropDefault)
    }
}
