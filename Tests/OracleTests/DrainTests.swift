import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// Which backend, while a change of the backend set is young. Slots hold `shop-1` or `shop-2` throughout, so that every
/// flow meets the case.
@Suite struct DrainTests {
    private static let shop1: UInt16 = 0
    private static let shop2: UInt16 = 1
    private static let none = ServiceSlots.none

    private static func oracle(_ current: [UInt16], _ previous: [UInt16], drainEnd: UInt64 = 2000) -> Oracle {
        Fixture.oracle {
            $0.services[Fixture.shop].slots = ServiceSlots(current: current, previous: previous, drainEnd: drainEnd)
        }
    }

    private static func tcp(_ flags: TCPSegment.Flags, port: UInt16 = 40000) -> IPPacket {
        packet("203.0.113.9", "192.0.2.10", .tcp(TCPSegment(from: port, to: 443, flags)))
    }

    @Test(
        arguments: [
            ("plain", oracle([0, 0], []), "shop-1", "shop-1", "shop-1"),
            ("marked", oracle([0, 0], [1, 1]), "shop-2", "shop-1", "shop-1"),
            ("plain beside a marked slot", oracle([0], [none]), "shop-1", "shop-1", "shop-1"),
            ("the drain time is over", oracle([0], [1], drainEnd: 1000), "shop-1", "shop-1", "shop-1"),
            ("the last second", oracle([0], [1], drainEnd: 1001), "shop-2", "shop-1", "shop-1"),
            ("another size", oracle([0, 0, 0], [1]), "shop-2", "shop-1", "shop-1"),
            ("another size, backend gone", oracle([0, 0, 0], [none]), "shop-1", "shop-1", "shop-1"),
        ] as [(String, Oracle, String, String, String)])
    func chooses(_ name: String, _ oracle: Oracle, _ established: String, _ opening: String, _ afterwards: String) {
        var oracle = oracle
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == established)
        #expect(oracle.judge(Self.tcp([.syn, .ack])).backend?.name == established)
        #expect(oracle.judge(Self.tcp(.syn)).backend?.name == opening)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == afterwards)
        #expect(oracle.judge(Self.tcp([.fin, .ack])).backend?.name == afterwards)
        // Another connection is not the remembered one.
        #expect(oracle.judge(Self.tcp(.ack, port: 40001)).backend?.name == established)
    }

    @Test func datagramsTakeTheCurrent() {
        var oracle = Self.oracle([0], [1])
        #expect(oracle.judge(packet("203.0.113.9", "192.0.2.10", .udp(443))).backend?.name == "shop-1")
    }

    @Test func errorsFollowTheConnection() {
        let answer = packet("192.0.2.10", "203.0.113.9", .ack(40000, from: 443))
        let error = packet("198.51.100.1", "192.0.2.10", .icmp(ICMPMessage(error: 11, quote: answer.shortQuote)))
        var oracle = Self.oracle([0], [1])
        #expect(oracle.judge(error).backend?.name == "shop-2")
        _ = oracle.judge(Self.tcp(.syn))
        #expect(oracle.judge(error).backend?.name == "shop-1")
    }

    /// A slot that is marked again keeps its first mark; what began in between is remembered.
    @Test func severalChangesInARow() {
        var oracle = Self.oracle([0], [1])
        _ = oracle.judge(Self.tcp(.syn))
        oracle.state.services[Fixture.shop].slots = ServiceSlots(current: [1], previous: [1], drainEnd: 2000)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == "shop-1")
        #expect(oracle.judge(Self.tcp(.ack, port: 40001)).backend?.name == "shop-2")
    }

    @Test func aRemovedBackendIsForgotten() {
        var oracle = Self.oracle([0], [1])
        _ = oracle.judge(Self.tcp(.syn))
        oracle.state.services[Fixture.shop].backends.removeFirst()
        oracle.state.services[Fixture.shop].slots = ServiceSlots(current: [0], previous: [0], drainEnd: 2000)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == "shop-2")
    }

    /// The counter's place may have gone to a backend at another address since.
    @Test func aReplacedBackendIsForgotten() {
        var oracle = Self.oracle([0], [1])
        _ = oracle.judge(Self.tcp(.syn))
        oracle.state.services[Fixture.shop].backends[0].address = Fixture.address("10.1.0.99")
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == "shop-2")
    }

    /// All backends draining: no new connections, the old ones go on.
    @Test func nothingButDraining() {
        var oracle = Self.oracle([], [1])
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == "shop-2")
        #expect(oracle.judge(Self.tcp(.syn)).outcome == .dropNoBackend)
        #expect(oracle.judge(packet("203.0.113.9", "192.0.2.10", .udp(443))).outcome == .dropNoBackend)
        oracle.now = 2000
        #expect(oracle.judge(Self.tcp(.ack)).outcome == .dropNoBackend)
    }

    @Test func laterFragmentsOpenNothing() {
        var oracle = Self.oracle([0], [1])
        let first = Self.tcp(.syn).v4 { $0.moreFragments = true }
        var later = Self.tcp(.syn).v4 { $0.fragmentOffset = 9 }
        later.payload = .raw(.tcp, [1, 2, 3])
        #expect(oracle.judge(first).backend?.name == "shop-1")
        #expect(oracle.judge(later).backend?.name == "shop-1")
        // As if another node had seen the SYN.
        let others = Self.tcp(.ack, port: 40001).v4 {
            $0.moreFragments = true
            $0.identification = 5
        }
        #expect(oracle.judge(others).backend?.name == "shop-2")
        #expect(oracle.judge(later.v4 { $0.identification = 5 }).backend?.name == "shop-2")
    }
}
