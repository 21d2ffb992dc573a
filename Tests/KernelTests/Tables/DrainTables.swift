import Dataplane
import Packets
import Plan
import TestSupport
import Testing

/// Connections over changes of the backend set, and what is remembered of them.
@Suite(.enabled(if: isRoot), .serialized)
struct DrainTables {
    private static func policy(_ backends: String, drain: String = "1h") -> String {
        """
        version: 1
        interfaces: {nic: {}, far: {}}
        services:
          shop:
            vips: [192.0.2.10]
            ports: [443/tcp, 443/udp]
            forward: ipip
            drain-time: \(drain)
            backends: {\(backends)}
        policies:
          all: {from: any, to: any}
        """
    }

    private static let a = "a: {address: 10.0.0.11}"
    private static let b = "b: {address: 10.0.0.12}"
    private static let c = "c: {address: 10.0.5.11}"

    private static let d = #"d: {address: "2001:db8:ff::11"}"#

    private static let clients = Array(UInt16(40000)..<40060)

    /// The backend that each client's packet goes to, by program and model alike.
    private func backends(
        _ node: KernelNode, _ payload: (UInt16) -> Payload, _ clients: [UInt16] = clients
    ) throws -> [UInt16: String] {
        var chosen: [UInt16: String] = [:]
        for client in clients {
            let frame = Frame(packet("203.0.113.9", "192.0.2.10", payload(client))).bytes
            let foreseen = Observation(node.expect(frame), frame: frame)
            let observed = try node.observe(frame)
            #expect(observed == foreseen)
            chosen[client] = observed.backend
        }
        return chosen
    }

    private func syns(_ node: KernelNode, _ clients: [UInt16] = clients) throws -> [UInt16: String] {
        try backends(node, { .syn(443, from: $0) }, clients)
    }

    private func acks(_ node: KernelNode, _ clients: [UInt16] = clients) throws -> [UInt16: String] {
        try backends(node, { .ack(443, from: $0) }, clients)
    }

    /// Ports of the connections that are remembered.
    private func remembered(_ node: KernelNode) throws -> Set<UInt16> {
        Set(
            try node.dataplane?.flows().compactMap { flow in
                if case .connection = flow.kind { flow.sourcePort } else { nil }
            } ?? [])
    }

    @Test func newBackend() throws {
        let three = "\(Self.a), \(Self.b), \(Self.c)"
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(three))
            let before = try syns(node)
            #expect(Set(before.values) == ["a", "b", "c"])
            #expect(try acks(node) == before)
            #expect(try node.dataplane?.flows().isEmpty == true)

            try node.publish(yaml: Self.policy("\(three), \(Self.d)"))
            #expect(try acks(node) == before, "established connections stay")
            let old = try remembered(node)
            let after = try syns(node)
            let moved = Self.clients.filter { after[$0] != before[$0] }
            #expect(Set(moved.compactMap { after[$0] }).contains("d"))
            #expect(old == Set(moved), "those that have lost their slot can be counted")
            #expect(try remembered(node) == Set(moved), "the others began where they would have before")
            #expect(try acks(node) == after, "what began anew is where it began")
            #expect(try backends(node) { .udp(443, from: $0) }.values.contains("d"), "UDP goes by hash at once")
        }
    }

    /// From 2003 slots to 4001: each is marked.
    @Test func tableOfAnotherSize() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b)"))
            let before = try acks(node)
            #expect(Set(before.values) == ["a", "b"])
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b), \(Self.c)"))
            #expect(try acks(node) == before, "established connections stay")
            let after = try syns(node)
            #expect(after.values.contains("c"))
            #expect(try remembered(node) == Set(Self.clients))
            #expect(try acks(node) == after, "what began anew is where it began")
        }
    }

    @Test func drainedBackend() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b)"))
            let before = try acks(node)
            let drained = Self.clients.filter { before[$0] == "b" }

            try node.publish(yaml: Self.policy("\(Self.a), b: {address: 10.0.0.12, weight: 0}"))
            #expect(try acks(node) == before, "established connections stay")
            #expect(Set(try syns(node, drained).values) == ["a"], "new ones go elsewhere")
            #expect(try remembered(node) == Set(drained))
            #expect(Set(try acks(node, drained).values) == ["a"], "and stay there")

            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b)"))
            #expect(Set(try acks(node, drained).values) == ["a"], "also when the backend is back")
        }
    }

    @Test func removedBackend() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b), \(Self.c)"))
            let before = try acks(node)
            try node.publish(yaml: Self.policy("\(Self.b), \(Self.c)"))
            let after = try acks(node)
            for client in Self.clients {
                if before[client] == "a" {
                    #expect(["b", "c"].contains(after[client]), "chosen anew")
                } else {
                    #expect(after[client] == before[client])
                }
            }

            // Connections that were remembered with a backend lose it with that backend too.
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b), \(Self.c)"))
            let again = try syns(node)
            let onA = Self.clients.filter { again[$0] == "a" }
            #expect(Set(try acks(node, onA).values) == ["a"])
            try node.publish(yaml: Self.policy("\(Self.b), \(Self.c)"))
            #expect(Set(try acks(node, onA).values) == ["b", "c"])
        }
    }

    @Test func withoutDraining() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b)", drain: "0s"))
            _ = try acks(node)
            try node.publish(yaml: Self.policy("\(Self.b)", drain: "0s"))
            #expect(Set(try acks(node).values) == ["b"])
            #expect(Set(try syns(node).values) == ["b"])
            #expect(try node.dataplane?.flows().isEmpty == true)
        }
    }

    @Test func floods() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("\(Self.a), \(Self.b)"))
            for host in 0..<1000 {
                let flood = packet(
                    "198.18.\(host >> 8).\(host & 0xFF)", "192.0.2.10", .syn(443, from: UInt16(1024 + host)))
                _ = try node.dataplane?.run(Frame(flood).bytes, interfaceIndex: node.nic)
            }
            #expect(try node.dataplane?.flows().isEmpty == true)
            let shop = try node.dataplane?.counters().service(node.state.services[0].slot)
            #expect(shop?.packets == 1000)
        }
    }
}
