import Dataplane
import Foundation
import Net
import Oracle
import Packets
import Plan
import TestSupport
import Testing

/// What happens to backends by the clock alone: slow starts, and the end of draining.
@Suite(.enabled(if: isRoot), .serialized)
struct ClockTables {
    private static func policy(_ more: String = "", slowStart: String = "") -> String {
        """
        version: 1
        interfaces: {nic: {}}
        services:
          shop:
            vips: [192.0.2.10]
            ports: [443/tcp, 443/udp]
            forward: ipip
            drain-time: 2h
            backends:
              a: {address: 10.0.0.11\(slowStart)}
              b: {address: 10.0.0.12\(slowStart)}
              c: {address: 10.0.5.11\(slowStart)}
              \(more)
        policies:
          all: {from: any, to: any}
        """
    }

    private static func new(_ slowStart: String) -> String {
        "d: {address: \"2001:db8:ff::11\", slow-start: \(slowStart)}"
    }

    /// The backends that program and model, being of one mind, give to flows of a client.
    private func backends(
        _ node: KernelNode, _ flows: Range<UInt16>, _ payload: (UInt16) -> Payload
    ) throws -> [String?] {
        try flows.map { port in
            let frame = Frame(packet("203.0.113.9", "192.0.2.10", payload(port))).bytes
            let foreseen = Observation(node.expect(frame), frame: frame)
            let observed = try node.observe(frame)
            #expect(observed == foreseen)
            return observed.backend
        }
    }

    /// A quarter of the slots is the new backend's, and a tenth of that at first.
    @Test func aNewBackendTakesUpItsShareSlowly() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy(slowStart: ", slow-start: 1h"))
            let before = try backends(node, 20_000..<21_000) { .ack(443, from: $0) }
            #expect(Set(before) == ["a", "b", "c"], "where all are new, none starts slowly")
            try node.publish(yaml: Self.policy(Self.new("1h"), slowStart: ", slow-start: 1h"))
            let opened = try backends(node, 10_000..<12_000) { .syn(443, from: $0) }
            let taken = opened.count { $0 == "d" }
            #expect((20...90).contains(taken), "\(taken)")
            #expect(try backends(node, 10_000..<12_000) { .ack(443, from: $0) } == opened, "where it began, it stays")
            #expect(try backends(node, 20_000..<21_000) { .ack(443, from: $0) } == before)
        }
    }

    @Test func thenItHasItsWholeShare() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy())
            _ = try backends(node, 20_000..<20_010) { .ack(443, from: $0) }
            try node.publish(yaml: Self.policy(Self.new("2s")))
            Thread.sleep(forTimeInterval: 3.1)
            let opened = try backends(node, 10_000..<11_000) { .syn(443, from: $0) }
            let taken = opened.count { $0 == "d" }
            #expect((180...320).contains(taken), "\(taken)")
        }
    }

    @Test func aDeadlineEndsDraining() throws {
        try KernelNode.with { node in
            let document = try node.document(Self.policy())
            try node.publish(document)
            let before = try backends(node, 10_000..<10_060) { .ack(443, from: $0) }
            let onB = try #require(
                before.contains("b") ? zip(10_000..<10_060, before).filter { $1 == "b" }.map(\.0) : nil)
            let end = KernelNode.monotonicSeconds() + 3
            try node.publish(
                document,
                overrides: [Override(service: "shop", backend: "b", change: .drainFor(seconds: 3, end: end))])
            #expect(try backends(node, 10_000..<10_060) { .ack(443, from: $0) } == before, "what runs stays")
            let slot = try #require(node.state.services[0].backends.first { $0.name == "b" }).slot
            let flows = try #require(try node.dataplane?.flows())
            let left = flows.filter { flow in
                if case .connection(slot, _, _) = flow.kind { true } else { false }
            }
            #expect(Set(left.map(\.sourcePort)) == Set(onB.map { UInt16($0) }), "and can be counted")
            #expect(!(try backends(node, 10_000..<10_060) { .syn(443, from: $0 + 5000) }.contains("b")))

            while KernelNode.monotonicSeconds() < end { Thread.sleep(forTimeInterval: 0.1) }
            #expect(!(try backends(node, 10_000..<10_060) { .ack(443, from: $0) }.contains("b")), "then nothing does")
        }
    }
}
