import Dataplane
import Net
import Packets
import Plan
import Policy
import TestSupport
import Testing

/// Clients that keep their backend.
@Suite(.enabled(if: isRoot), .serialized)
struct AffinityTables {
    private typealias Tables = SchedulerTables

    private static let hosts = (1...24).map { "203.0.113.\($0)" }

    private func syns(_ node: KernelNode, port: UInt16) throws -> [String?] {
        try node.backends(Self.hosts.map { Tables.frame(.syn(443, from: port), from: $0) })
    }

    @Test(arguments: Service.Scheduler.allCases) func clientsStay(_ scheduler: Service.Scheduler) throws {
        let three = "\(Tables.a), \(Tables.b), \(Tables.c)"
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy(scheduler.rawValue, more: "affinity: 1h"))
            let first = try syns(node, port: 40000)
            #expect(Set(first) == ["a", "b", "c"])
            #expect(try syns(node, port: 40001) == first)
            let datagrams = Self.hosts.map { Tables.frame(.udp(443, from: 5000), from: $0) }
            #expect(try node.backends(datagrams) == first, "whatever the protocol")
            #expect(
                try node.backends([Frame(packet("2001:db8:7::1", "2001:db8::10", .syn(443, from: 1))).bytes])[0] != nil)

            try node.publish(
                yaml: Tables.policy(
                    scheduler.rawValue, three + #", d: {address: "2001:db8:ff::11", weight: 9}"#, more: "affinity: 1h"))
            #expect(try syns(node, port: 40002) == first, "a new backend takes no known client")

            // A drained backend keeps its connections and loses its clients.
            try node.publish(
                yaml: Tables.policy(
                    scheduler.rawValue, "\(Tables.a), b: {address: 10.0.0.12, weight: 0}, \(Tables.c)",
                    more: "affinity: 1h"))
            let acks = Self.hosts.map { Tables.frame(.ack(443, from: 40000), from: $0) }
            #expect(try node.backends(acks) == first)
            let after = try syns(node, port: 40003)
            for (old, new) in zip(first, after) { #expect(old == "b" ? ["a", "c"].contains(new) : new == old) }
            #expect(try syns(node, port: 40004) == after)
            #expect(try node.backends(acks) == first)
        }
    }

    /// A node that remembers nothing, or another one, finds the same backend.
    @Test func hashedByClient() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("maglev", more: "affinity: 1h"))
            let unknown = Self.hosts.map { Tables.frame(.ack(443, from: 40000), from: $0) }
            let byHash = try node.backends(unknown)
            #expect(try node.dataplane?.flows().isEmpty == true)
            #expect(try syns(node, port: 40001) == byHash)
        }
    }

    @Test func listed() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Tables.policy("round-robin", more: "affinity: 1h"))
            _ = try syns(node, port: 40000)
            _ = try syns(node, port: 40001)
            let flows = try node.dataplane?.flows() ?? []
            let clients = flows.filter { if case .client = $0.kind { true } else { false } }
            #expect(Set(clients.map(\.source.description)) == Set(Self.hosts))
            #expect(clients.allSatisfy { $0.destination == nil })
            #expect(flows.count == 3 * Self.hosts.count)
        }
    }
}
