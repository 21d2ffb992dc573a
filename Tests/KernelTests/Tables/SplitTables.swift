import Dataplane
import Net
import Oracle
import Packets
import Plan
import TestSupport
import Testing

/// Groups of backends share flows as their weights say, through the kernel.
@Suite(.enabled(if: isRoot), .serialized)
struct SplitTables {
    private static func policy(canary: Int) -> String {
        """
        version: 1
        interfaces: {nic: {}, far: {}}
        services:
          shop:
            vips: [192.0.2.10]
            ports: [443/tcp]
            forward: ipip
            groups: {stable: {weight: 95}, canary: {weight: \(canary)}}
            backends:
              s1: {address: 10.0.0.11, group: stable, weight: 7}
              s2: {address: 10.0.0.12, group: stable, weight: 1000}
              s3: {address: 10.0.5.11, group: stable, weight: 13}
              c1: {address: "2001:db8:ff::11", group: canary, weight: 65535}
        policies:
          all: {from: any, to: any}
        """
    }

    /// A SYN of one of many flows: 256 clients with some hundreds of ports each.
    private func syn(_ number: Int) -> [UInt8] {
        Frame(packet("203.0.113.\(number & 0xFF)", "192.0.2.10", .syn(443, from: UInt16(1024 + number >> 8)))).bytes
    }

    /// The canary's part of so many flows.
    private func share(_ node: KernelNode, flows: Int) throws -> Double {
        let canary = try #require(node.state.services[0].backends.first { $0.name == "c1" })
        let before = try #require(try node.dataplane?.counters().backend(canary.slot).packets)
        for number in 0..<flows { _ = try node.dataplane?.run(syn(number), interfaceIndex: node.nic) }
        let after = try #require(try node.dataplane?.counters().backend(canary.slot).packets)
        return Double(after - before) / Double(flows)
    }

    @Test func flowsAreSplit() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(canary: 5))
            let share = try share(node, flows: effort("SPLIT_FLOWS", otherwise: 100_000))
            #expect(abs(share - 0.05) < 0.01, "\(share)")
            var seen = 0
            for number in 0..<5000 {
                let frame = syn(number)
                let foreseen = node.expect(frame)
                if foreseen.backend?.name == "c1" { seen += 1 }
                guard number < 200 else { continue }
                #expect(try node.observe(frame) == Observation(foreseen, frame: frame))
            }
            #expect(abs(Double(seen) / 5000 - 0.05) < 0.015)
        }
    }

    /// Turning a canary up moves new connections alone.
    @Test func establishedConnectionsStay() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(canary: 5))
            let clients = 0..<300
            let ack = { (number: Int) in
                Frame(packet("203.0.113.\(number & 0xFF)", "192.0.2.10", .ack(443, from: UInt16(1024 + number >> 8))))
                    .bytes
            }
            var homes: [String?] = []
            for client in clients { homes.append(try node.observe(ack(client)).backend) }
            for canary in [50, 500, 0] {
                try node.publish(yaml: Self.policy(canary: canary))
                for client in clients {
                    let frame = ack(client)
                    let foreseen = Observation(node.expect(frame), frame: frame)
                    let observed = try node.observe(frame)
                    #expect(observed == foreseen)
                    #expect(observed.backend == homes[client])
                }
            }
            #expect(try share(node, flows: 2000) == 0)
        }
    }

    /// Weights all zero: there is no backend, but connections that exist have theirs.
    @Test func noWeightAtAll() throws {
        try KernelNode.with { node in
            let policy = Self.policy(canary: 5)
            try node.publish(yaml: policy)
            let home = try node.observe(syn(1)).backend
            for weight in ["stable: {weight: 95}", "canary: {weight: 5}"] {
                #expect(policy.contains(weight))
            }
            let none = policy.replacing("{weight: 95}", with: "{weight: 0}").replacing(
                "{weight: 5}", with: "{weight: 0}")
            try node.publish(yaml: none)
            try node.check(Case("SYN", syn(1), .dropNoBackend, by: "all", for: "shop"))
            let ack = Frame(packet("203.0.113.1", "192.0.2.10", .ack(443, from: 1024))).bytes
            #expect(try node.observe(ack).backend == home)
        }
    }
}
