import Dataplane
import Glibc
import Net
import Packets
import Plan
import TestSupport
import Testing

/// The table of remembered flows under load, and what schedulers learn from it.
@Suite(.enabled(if: isRoot), .serialized)
struct FlowTableTests {
    private typealias Tables = SchedulerTables

    private func flood(_ node: KernelNode, _ range: Range<Int>) throws {
        for number in range {
            let host = "198.\(18 + number >> 22).\(number >> 14 & 0xFF).\(number >> 6 & 0xFF)"
            let frame = Frame(packet(host, "192.0.2.10", .udp(443, from: UInt16(1024 + number & 0x3F)))).bytes
            _ = try node.dataplane?.run(frame, interfaceIndex: node.nic)
        }
    }

    private func run(_ node: KernelNode, _ frames: [[UInt8]]) throws {
        for frame in frames { _ = try node.dataplane?.run(frame, interfaceIndex: node.nic) }
    }

    /// On the thread that is in the node's namespace.
    private func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    private func flowCounts(_ node: KernelNode) throws -> [Int] {
        let loads = try node.dataplane?.loads()
        return node.state.services[0].backends.map { loads?[backend: $0.slot].flows ?? -1 }
    }

    /// More new flows than the table holds push none out that sends now and then.
    @Test func floodsEvictNoneOfTheLiving() throws {
        let living = (0..<2000).map { Tables.datagram(UInt16(20000 + $0)) }
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("maglev", defaults: "new-flows: 1000000000"))
            let before = try node.backends(living)
            try run(node, living)
            let rounds = effort("FLOOD_ROUNDS", otherwise: 30)
            for round in 0..<rounds {
                try flood(node, round * 20_000..<(round + 1) * 20_000)
                try run(node, living)
            }
            try node.publish(
                yaml: Tables.policy(
                    "maglev", "\(Tables.a), \(Tables.b), \(Tables.c), d: {address: 10.0.0.13, weight: 5}",
                    defaults: "new-flows: 1000000000"))
            #expect(try node.backends(living) == before, "where they were, though the table says otherwise")
            #expect(try node.dataplane?.counters().unremembered == 0)
        }
    }

    @Test func newFlowsAreRationed() throws {
        try KernelNode.with { node in
            let frames = Tables.clients.map(Tables.datagram)
            try node.publish(yaml: Tables.policy("round-robin", defaults: "new-flows: 1"))
            try run(node, frames)
            let remembered = try node.dataplane?.flows().count ?? 0
            #expect(remembered < 20, "at most one in a second on each CPU")
            let unremembered = try node.dataplane?.counters().unremembered ?? 0
            #expect(Int(unremembered) == frames.count - remembered)
        }
    }

    @Test func countsFollowFlows() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("least-connections", "\(Tables.a), \(Tables.b)"))
            let ports = Array(UInt16(30000)..<30100)
            _ = try node.backends(ports.map(Tables.syn))
            #expect(try flowCounts(node) == [50, 50], "two equal backends are both looked at, and so stay equal")
            _ = try node.backends(ports.map(Tables.ack))
            _ = try node.backends(ports.map(Tables.syn))
            #expect(try flowCounts(node) == [50, 50], "each flow counts once")

            // All of one backend's end: it gets the next ones.
            let owners = try node.backends(ports.map(Tables.ack))
            let ofA = zip(ports, owners).filter { $0.1 == "a" }.map(\.0)
            _ = try node.backends(ofA.map { Tables.frame(.tcp(443, [.fin, .ack], from: $0)) })
            _ = try node.backends(ofA.map(Tables.ack))
            #expect(try flowCounts(node) == [0, 50])
            let next = try node.backends((0..<40).map { Tables.syn(UInt16(31000 + $0)) })
            #expect(next.allSatisfy { $0 == "a" })
            #expect(try flowCounts(node) == [40, 50])
        }
    }

    /// Twice the weight, twice the flows.
    @Test func countsAreWeighed() throws {
        try KernelNode.with { node in
            try node.publish(
                yaml: Tables.policy("least-connections", "a: {address: 10.0.0.11, weight: 2}, \(Tables.b)"))
            try run(node, (0..<900).map { Tables.syn(UInt16(30000 + $0)) })
            let counts = try flowCounts(node)
            #expect(counts.reduce(0, +) == 900)
            #expect(abs(counts[0] - 600) < 30, "\(counts)")
        }
    }

    /// Two epochs after its last packet, a flow counts no more: it takes half a minute to see.
    @Test func idleFlowsCountNoMore() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("least-connections", "\(Tables.a), \(Tables.b)"))
            let ports = Array(UInt16(30000)..<30020)
            _ = try node.backends(ports.map(Tables.syn))
            let busy = Array(ports.prefix(10))
            let owners = try node.backends(busy.map(Tables.ack))
            for _ in 0..<42 {
                try run(node, busy.map(Tables.ack))
                pause(milliseconds: 1000)
            }
            let expected = ["a", "b"].map { name in owners.count { $0 == name } }
            #expect(try flowCounts(node) == expected)
        }
    }

    @Test func latencyPrefersTheFaster() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("latency", "\(Tables.a), \(Tables.b)"))
            var chosen: [String?] = []
            for port in UInt16(30000)..<30040 {
                let backend = try node.backends([Tables.syn(port)])[0]
                pause(milliseconds: backend == "a" ? 20 : 2)
                _ = try node.backends([Tables.ack(port)])
                chosen.append(backend)
            }
            #expect(chosen.count { $0 == "b" } > 30, "\(chosen)")
            let loads = try #require(try node.dataplane?.loads())
            let (a, b) = (node.state.services[0].backends[0], node.state.services[0].backends[1])
            let (slow, fast) = (loads[backend: a.slot].handshake ?? 0, loads[backend: b.slot].handshake ?? 0)
            #expect(slow > fast && fast >= 1000, "\(slow), \(fast)")
        }
    }
}
