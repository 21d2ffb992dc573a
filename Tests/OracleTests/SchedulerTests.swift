import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// Which backend a new flow gets, and keeps.
@Suite struct SchedulerTests {
    private static func oracle(_ scheduler: Service.Scheduler, affinity: Int = 0, now: UInt64 = 1000) -> Oracle {
        var oracle = Fixture.oracle {
            $0.services[Fixture.shop].scheduler = scheduler
            $0.services[Fixture.shop].affinity = affinity
            $0.services[Fixture.shop].slots = ServiceSlots(current: [0, 1])
        }
        oracle.now = now
        return oracle
    }

    private static func tcp(
        _ flags: TCPSegment.Flags, port: UInt16 = 40000, from client: String = "203.0.113.9"
    ) -> IPPacket {
        packet(client, "192.0.2.10", .tcp(TCPSegment(from: port, to: 443, flags)))
    }

    private func backends(_ oracle: inout Oracle, _ packets: [IPPacket]) -> [String?] {
        packets.map { oracle.judge($0).backend?.name }
    }

    private let ports: [UInt16] = Array(40000..<40006)

    @Test func roundRobin() {
        var oracle = Self.oracle(.roundRobin)
        let names = oracle.state.services[Fixture.shop].sequence.map {
            oracle.state.services[Fixture.shop].backends[Int($0)].name
        }
        let expected: [String?] = (0..<6).map { names[$0 % names.count] }
        #expect(backends(&oracle, ports.map { Self.tcp(.syn, port: $0) }) == expected)
        #expect(backends(&oracle, ports.map { Self.tcp(.ack, port: $0) }) == expected, "flows stay")
        #expect(backends(&oracle, ports.map { Self.tcp(.syn, port: $0) }) == expected, "a repeated SYN is no new flow")
    }

    /// Connections that are over may open again, with another backend.
    @Test func closedConnections() {
        var oracle = Self.oracle(.roundRobin)
        let first = oracle.judge(Self.tcp(.syn)).backend?.name
        #expect(oracle.judge(Self.tcp([.fin, .ack])).backend?.name == first)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == first)
        #expect(oracle.judge(Self.tcp(.syn)).backend?.name != first)
    }

    @Test(arguments: [(60, true), (61, false)] as [(UInt64, Bool)])
    func openingConnectionsAreForgottenSoon(after seconds: UInt64, isKnown: Bool) {
        var oracle = Self.oracle(.roundRobin)
        let first = oracle.judge(Self.tcp(.syn)).backend?.name
        oracle.now += seconds
        #expect((oracle.judge(Self.tcp(.syn)).backend?.name == first) == isKnown)
    }

    @Test(arguments: [(300, true), (301, false)] as [(UInt64, Bool)])
    func idleDatagramFlows(after seconds: UInt64, isKnown: Bool) {
        var oracle = Self.oracle(.roundRobin)
        let datagram = packet("203.0.113.9", "192.0.2.10", .udp(443))
        let first = oracle.judge(datagram).backend?.name
        oracle.now += seconds
        #expect((oracle.judge(datagram).backend?.name == first) == isKnown)
    }

    @Test func candidates() {
        for scheduler in [Service.Scheduler.leastConnections, .latency] {
            var oracle = Self.oracle(scheduler)
            for backend in oracle.state.services[Fixture.shop].backends {
                oracle.preference = backend.slot
                for port in ports { #expect(oracle.judge(Self.tcp(.syn, port: port)).backend?.name == backend.name) }
                for port in ports { _ = oracle.judge(Self.tcp(.rst, port: port)) }
            }
        }
    }

    @Test(arguments: Service.Scheduler.allCases) func affinity(_ scheduler: Service.Scheduler) {
        var oracle = Self.oracle(scheduler, affinity: 600)
        for client in 1...20 {
            let address = "203.0.113.\(client)"
            let all = Set(backends(&oracle, ports.map { Self.tcp(.syn, port: $0, from: address) }))
            #expect(all.count == 1 && all != [nil])
        }
        let spread = Set((1...20).map { oracle.judge(Self.tcp(.syn, from: "203.0.113.\($0)")).backend?.name })
        #expect(spread == ["shop-1", "shop-2"])
    }

    @Test func affinityEndsAfterTheLastPacket() {
        var oracle = Self.oracle(.roundRobin, affinity: 600)
        let first = oracle.judge(Self.tcp(.syn)).backend?.name
        _ = oracle.judge(Self.tcp(.ack))
        oracle.now += 600
        _ = oracle.judge(Self.tcp(.ack))
        oracle.now += 600
        #expect(oracle.judge(Self.tcp(.syn, port: 40001)).backend?.name == first)
        oracle.now += 601
        #expect(oracle.judge(Self.tcp(.syn, port: 40002)).backend?.name != first)
    }

    /// A backend without weight keeps its flows, not its clients, and the flows only until the drain time is over.
    @Test func drainedBackend() {
        var oracle = Self.oracle(.roundRobin, affinity: 600)
        let first = oracle.judge(Self.tcp(.syn)).backend?.name
        _ = oracle.judge(Self.tcp(.ack))
        let index = first == "shop-1" ? 0 : 1
        oracle.state.services[Fixture.shop].backends[index].weight = 0
        oracle.state.services[Fixture.shop].slots = ServiceSlots(
            current: [UInt16(1 - index)], previous: [UInt16(index)], drainEnd: oracle.now + 100)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == first)
        #expect(oracle.judge(Self.tcp(.syn, port: 40001)).backend?.name != first)
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name == first)
        oracle.now += 100
        #expect(oracle.judge(Self.tcp(.ack)).backend?.name != first)
    }

    @Test func unknownConnectionsGoByHash() {
        var oracle = Self.oracle(.roundRobin)
        var maglev = Self.oracle(.maglev)
        for port in ports {
            #expect(
                oracle.judge(Self.tcp(.ack, port: port)).backend?.name
                    == maglev.judge(Self.tcp(.ack, port: port)).backend?.name)
        }
    }
}
