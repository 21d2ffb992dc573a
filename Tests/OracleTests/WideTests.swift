import Net
import Oracle
import Packets
import Plan
import Testing

/// Services on ranges and prefixes, and who may use them.
@Suite struct WideTests {
    private static func syn(_ port: UInt16) -> Payload { .tcp(TCPSegment(from: 4000, to: port, .syn)) }

    private static let cases: [(from: String, to: String, Payload, Outcome, service: String?)] = [
        ("203.0.113.9", "192.0.2.10", syn(8000), .dropNoBackend, "files"),
        ("203.0.113.9", "192.0.2.10", syn(8100), .dropNoService, nil),
        ("203.0.113.9", "192.0.2.10", syn(443), .txForwarded, "shop"),
        ("203.0.113.9", "192.0.2.255", syn(8099), .dropNoBackend, "files"),
        ("203.0.113.9", "192.0.2.127", syn(8099), .passAllowed, nil),
        ("203.0.113.10", "192.0.2.255", syn(8099), .dropSource, "files"),
        ("203.0.113.9", "192.0.2.130", .sctp(SCTPPacket(from: 1, to: 2, tag: 3)), .dropNoBackend, "files"),
        ("2001:db8:1::7", "2001:db8:10::ffff", syn(8000), .dropSource, "files"),
        ("2001:db8:1::7", "2001:db8:10::ffff", syn(80), .dropNoService, nil),
    ]

    @Test(arguments: cases.indices) func wide(_ index: Int) {
        let (from, to, payload, outcome, service) = Self.cases[index]
        var oracle = Fixture.oracle()
        let judgement = oracle.judge(packet(from, to, payload))
        #expect(judgement.outcome == outcome)
        #expect(judgement.service?.name == service)
        #expect((judgement.rule == nil) == [.dropSource, .dropNoService].contains(outcome))
    }

    @Test func echoIsTheVIPs() {
        var oracle = Fixture.oracle([]) { $0.echoReply = true }
        #expect(oracle.judge(packet("203.0.113.10", "192.0.2.200", .ping)).outcome == .txEcho)
    }

    /// An INIT opens an association, so what a table's change leaves behind is kept like a TCP connection.
    @Test func associationsSurvive() {
        func association(_ chunk: UInt8) -> IPPacket {
            packet("203.0.113.9", "192.0.2.10", .sctp(SCTPPacket(from: 1, to: 2, tag: 3, chunk: chunk, value: [0, 0])))
        }
        var oracle = Fixture.oracle {
            $0.services[3].backends = [
                BackendState(name: "new", address: Fixture.address("10.1.0.4"), slot: 8),
                BackendState(name: "old", address: Fixture.address("10.1.0.3"), mac: Fixture.backendMAC, slot: 9),
            ]
            $0.services[3].slots = ServiceSlots(current: [0], previous: [1], drainEnd: 2000)
        }
        #expect(oracle.judge(association(0)).backend?.name == "old")
        #expect(oracle.judge(association(1)).backend?.name == "new")
        #expect(oracle.judge(association(0)).backend?.name == "new")
    }
}
