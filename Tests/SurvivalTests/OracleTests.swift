import Net
import Oracle
import Packets
import Plan
import Testing

@testable import Survival

/// The simulator's node and the reference model of the data path, which the loaded program agrees with, choose alike.
@Suite struct OracleTests {
    private func frame(_ connection: Connection, _ flags: TCPSegment.Flags) throws -> [UInt8] {
        let segment = TCPSegment(from: connection.port, to: Fleet.port, flags)
        let packet = IPPacket(from: connection.client, to: Fleet.vip, .tcp(segment))
        let (node, router) = (MACAddress("02:00:00:00:00:01"), MACAddress("02:00:00:00:00:02"))
        return Frame(to: try #require(node), from: try #require(router), .ip(packet)).bytes
    }

    @Test(arguments: seeds) func theNodeIsTheModelled(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var fleet = Fleet(backends: 4, drainTime: 200)
        var state = try fleet.state(after: nil, now: 0)
        var oracle = Oracle(state: state)
        let node = SluiceBalancer(memory: 10_000)
        node.publish(state.services[0])
        var known: [Connection] = []
        let changes: [Fleet.Change] = [.add(4), .drain(1), .weight(2, 3), .remove(0), .undrain(1), .add(5), .remove(4)]

        for (step, change) in changes.enumerated() {
            let now = UInt64(step * 60)
            oracle.now = now
            fleet.make(change)
            state = try fleet.state(after: state, now: now)
            oracle.state = state
            node.publish(state.services[0])
            for opens in [false, true] {
                if opens { known = (0..<150).map { _ in .random(begin: 0, end: 0, using: &random) } + known }
                for connection in opens ? known.prefix(150) : known[...] {
                    let chosen = node.choose(for: connection, opens: opens, now: now)
                    let judgement = oracle.judge(frame: try frame(connection, opens ? .syn : .ack), interface: 2)
                    #expect(judgement.service?.name == Fleet.service)
                    #expect(judgement.backend?.name == chosen.map(Fleet.name), "step \(step)")
                }
            }
        }
    }
}
