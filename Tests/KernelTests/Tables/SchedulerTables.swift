import Dataplane
import Net
import Packets
import Plan
import Policy
import TestSupport
import Testing

/// Which backend a new flow gets by each scheduler, and that it keeps it.
@Suite(.enabled(if: isRoot), .serialized)
struct SchedulerTables {
    static func policy(
        _ scheduler: String, _ backends: String = "\(a), \(b), \(c)", more: String = "", defaults: String = ""
    ) -> String {
        """
        version: 1
        interfaces: {nic: {}}
        defaults: {\(defaults)}
        services:
          shop:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [443/tcp, 443/udp]
            forward: ipip
            scheduler: \(scheduler)
            \(more)
            backends: {\(backends)}
        policies:
          all: {from: any, to: any}
        """
    }

    static let a = "a: {address: 10.0.0.11}"
    static let b = "b: {address: 10.0.0.12}"
    static let c = "c: {address: 10.0.5.11}"
    static let clients = Array(UInt16(40000)..<40060)

    static func syn(_ port: UInt16) -> [UInt8] { frame(.syn(443, from: port)) }
    static func ack(_ port: UInt16) -> [UInt8] { frame(.ack(443, from: port)) }
    static func datagram(_ port: UInt16) -> [UInt8] { frame(.udp(443, from: port)) }

    static func frame(_ payload: Payload, from client: String = "203.0.113.9") -> [UInt8] {
        Frame(packet(client, "192.0.2.10", payload)).bytes
    }

    @Test func roundRobin() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("round-robin"))
            let turns = ["a", "b", "c"]
            let opened = try node.backends(Self.clients.map(Self.syn))
            #expect(opened == Self.clients.indices.map { turns[$0 % 3] })
            #expect(try node.backends(Self.clients.map(Self.ack)) == opened)
            #expect(try node.backends(Self.clients.map(Self.syn)) == opened, "a repeated SYN is no new flow")
            #expect(try node.backends(Self.clients.map(Self.datagram)) == opened, "datagrams take their turns, too")

            // 2 : 1 : 3 of six turns.
            try node.publish(
                yaml: Self.policy(
                    "round-robin",
                    "a: {address: 10.0.0.11, weight: 20}, \(Self.b.dropLast()), weight: 10}, "
                        + "\(Self.c.dropLast()), weight: 30}"))
            let more = try node.backends((0..<600).map { Self.syn(UInt16(41000 + $0)) })
            #expect(["a", "b", "c"].map { name in more.count { $0 == name } } == [200, 100, 300])
            #expect(try node.backends(Self.clients.map(Self.ack)) == opened, "flows stay")
        }
    }

    /// Six standard deviations: wrong once in 500 million runs.
    @Test func random() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("random", "\(Self.a), b: {address: 10.0.0.12, weight: 3}"))
            let count = 4000
            let chosen = try node.backends((0..<count).map { Self.syn(UInt16(10000 + $0)) })
            let share = Double(chosen.count { $0 == "b" })
            let deviation = (Double(count) * 0.75 * 0.25).squareRoot()
            #expect(abs(share - 0.75 * Double(count)) < 6 * deviation, "\(share)")
            #expect(try node.backends((0..<100).map { Self.ack(UInt16(10000 + $0)) }) == Array(chosen.prefix(100)))
        }
    }

    @Test(arguments: ["round-robin", "random", "least-connections", "latency"])
    func changesOfTheBackends(_ scheduler: String) throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(scheduler))
            let before = try node.backends(Self.clients.map(Self.syn))
            #expect(try node.backends(Self.clients.map(Self.ack)) == before)
            #expect(Set(before) == ["a", "b", "c"])

            try node.publish(yaml: Self.policy(scheduler, "\(Self.a), b: {address: 10.0.0.12, weight: 0}, \(Self.c)"))
            #expect(try node.backends(Self.clients.map(Self.ack)) == before, "a drained backend keeps its flows")
            let newer = try node.backends(Self.clients.map { Self.syn($0 + 1000) })
            #expect(Set(newer).isSubset(of: ["a", "c"]), "and gets no new ones")

            try node.publish(yaml: Self.policy(scheduler, "\(Self.a), \(Self.c)"))
            let after = try node.backends(Self.clients.map(Self.ack))
            for (old, new) in zip(before, after) {
                #expect(old == "b" ? ["a", "c"].contains(new) : new == old, "only a removed backend's go elsewhere")
            }

            try node.publish(yaml: Self.policy(scheduler, "a: {address: 10.0.0.11, weight: 0}"))
            let kept = try node.backends(Self.clients.map(Self.ack))
            #expect(zip(before, kept).allSatisfy { $0 != "a" || $1 == "a" })
            #expect(
                try node.backends(Self.clients.map { Self.syn($0 + 2000) }).allSatisfy { $0 == nil }, "all weights 0")
            try node.publish(yaml: Self.policy(scheduler, ""))
            #expect(try node.backends(Self.clients.map(Self.ack)).allSatisfy { $0 == nil })
        }
    }

    /// What was evicted, or began at another node, goes by the table that all nodes have.
    @Test func unknownConnections() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("maglev"))
            let byHash = try node.backends(Self.clients.map(Self.ack))
            try node.publish(yaml: Self.policy("round-robin"))
            #expect(try node.backends(Self.clients.map(Self.ack)) == byHash)
            #expect(try node.dataplane?.flows().isEmpty == true)
        }
    }

    /// Maglev knows nothing of where others placed a flow, until all of these had the drain time to end.
    @Test func fromAnotherSchedulerToMaglev() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("round-robin"))
            let before = try node.backends(Self.clients.map(Self.syn))
            try node.publish(yaml: Self.policy("maglev"))
            #expect(try node.backends(Self.clients.map(Self.ack)) == before)
        }
    }

    /// Their table knows nothing of previous backends: what is known stays, what is new goes by the new table.
    @Test func datagramsOfMaglev() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("maglev"))
            let before = try node.backends(Self.clients.map(Self.datagram))
            #expect(Set(before) == ["a", "b", "c"])
            try node.publish(yaml: Self.policy("maglev", "\(Self.a), b: {address: 10.0.0.12, weight: 0}, \(Self.c)"))
            #expect(try node.backends(Self.clients.map(Self.datagram)) == before)
            let newer = try node.backends(Self.clients.map { Self.datagram($0 + 1000) })
            #expect(Set(newer) == ["a", "c"])
            try node.publish(yaml: Self.policy("maglev"))
            #expect(try node.backends(Self.clients.map(Self.datagram)) == before)
            #expect(try node.backends(Self.clients.map { Self.datagram($0 + 1000) }) == newer)
            try node.publish(yaml: Self.policy("maglev", "\(Self.b), \(Self.c)"))
            for (old, new) in zip(before, try node.backends(Self.clients.map(Self.datagram))) {
                #expect(old == "a" ? ["b", "c"].contains(new) : new == old)
            }
        }
    }

    /// Beyond the drain time a drained backend has no flows, remembered or not.
    @Test(arguments: ["maglev", "round-robin"]) func drainTimeEnds(_ scheduler: String) throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(scheduler, more: "drain-time: 0s"))
            #expect(Set(try node.backends(Self.clients.map(Self.datagram))) == ["a", "b", "c"])
            try node.publish(
                yaml: Self.policy(
                    scheduler, "\(Self.a), b: {address: 10.0.0.12, weight: 0}, \(Self.c)", more: "drain-time: 0s"))
            #expect(Set(try node.backends(Self.clients.map(Self.datagram))) == ["a", "c"])
        }
    }

    @Test func closing() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("round-robin"))
            for (flags, turn) in [([.fin, .ack], "a"), (.rst, "b"), ([.rst, .ack], "c")]
                as [(TCPSegment.Flags, String)]
            {
                let end = Self.frame(.tcp(443, flags))
                let opened = try node.backends([Self.syn(40000), Self.ack(40000), end, Self.ack(40000)])
                #expect(opened == Array(repeating: turn, count: 4), "a new connection with the old one's ports")
            }
        }
    }

    @Test func errorsFollowAFlowAndLeaveNoTrace() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("round-robin"))
            let opened = try node.backends(Self.clients.prefix(6).map(Self.syn))
            let errors = Self.clients.prefix(6).map { port in
                let answer = packet("192.0.2.10", "203.0.113.9", .ack(port, from: 443))
                return Frame(
                    packet("198.51.100.1", "192.0.2.10", .icmp(ICMPMessage(error: 3, quote: answer.shortQuote)))
                ).bytes
            }
            #expect(try node.backends(errors) == opened)
            #expect(try node.dataplane?.flows().count == 6)
        }
    }
}

extension KernelNode {
    /// The backends that program and model agree on, `nil` where there is none.
    func backends(_ frames: [[UInt8]]) throws -> [String?] {
        try frames.map { frame in
            let foreseen = Observation(expect(frame), frame: frame)
            let observed = try observe(frame)
            #expect(observed == foreseen)
            return observed.backend
        }
    }
}
