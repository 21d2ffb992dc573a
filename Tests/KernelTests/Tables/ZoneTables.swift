import Dataplane
import Net
import Oracle
import Packets
import Plan
import TestSupport
import Testing

/// Clients are sent to backends of their zone.
@Suite(.enabled(if: isRoot), .serialized)
struct ZoneTables {
    private static func policy(_ more: String = "") -> String {
        """
        version: 1
        interfaces: {nic: {}}
        zones:
          a: {cidrs: [203.0.113.0/24, "2001:db8:1::/48"], except: [203.0.113.128/25]}
          b: {cidrs: [198.51.100.0/24]}
          empty: {cidrs: [198.18.0.0/16]}
        services:
          shop:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [443/tcp, 443/udp]
            forward: ipip
            backends:
              a1: {address: 10.0.0.11, zone: a}
              a2: {address: 10.0.0.12, zone: a\(more)}
              b1: {address: 10.0.5.11, zone: b}
              n1: {address: "2001:db8:ff::11"}
        policies:
          all: {from: any, to: any}
        """
    }

    /// The backends that program and model, being of one mind, give to some flows of a client.
    private func backends(
        _ node: KernelNode, _ client: String, vip: String = "192.0.2.10", _ flows: Range<UInt16> = 40000..<40060,
        _ payload: (UInt16) -> Payload = { .syn(443, from: $0) }
    ) throws -> [String?] {
        try flows.map { port in
            let frame = Frame(packet(client, vip, payload(port))).bytes
            let foreseen = Observation(node.expect(frame), frame: frame)
            let observed = try node.observe(frame)
            #expect(observed == foreseen)
            return observed.backend
        }
    }

    @Test func clientsStayNear() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy())
            #expect(Set(try backends(node, "203.0.113.9")) == ["a1", "a2"])
            #expect(Set(try backends(node, "203.0.113.9") { .udp(443, from: $0) }) == ["a1", "a2"])
            #expect(Set(try backends(node, "2001:db8:1::9", vip: "2001:db8::10")) == ["a1", "a2"])
            #expect(Set(try backends(node, "198.51.100.7")) == ["b1"])
            let all: Set<String?> = ["a1", "a2", "b1", "n1"]
            #expect(Set(try backends(node, "203.0.113.200")) == all, "an exception is in no zone")
            #expect(Set(try backends(node, "198.18.0.1")) == all, "nobody is near")
            // An error about a flow goes where the flow is, by the zone of its client.
            let ack = Frame(packet("203.0.113.9", "192.0.2.10", .ack(443))).bytes
            let answer = packet("192.0.2.10", "203.0.113.9", .tcp(40000, .ack, from: 443))
            let error = Frame(
                packet(
                    "192.0.2.77", "192.0.2.10",
                    .icmp(ICMPMessage(error: 3, code: 4, parameter: 1400, quote: answer.shortQuote))))
            #expect(try node.observe(error.bytes).backend == node.observe(ack).backend)
        }
    }

    @Test func spilling() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy())
            let acks = { try backends(node, "203.0.113.9", 40000..<40060) { .ack(443, from: $0) } }
            let before = try acks()
            let elsewhere = try backends(node, "198.51.100.7")
            try node.publish(yaml: Self.policy(", weight: 0"))
            #expect(try acks() == before, "established connections stay")
            #expect(Set(try backends(node, "203.0.113.9")) == ["a1"], "weight 0 is no capacity that is missing")
            #expect(try backends(node, "198.51.100.7") == elsewhere)

            // Drained by hand, its weight is missing: half of the zone's capacity, so 70 % stay.
            try node.publish(yaml: Self.policy())
            let document = try node.document(Self.policy())
            try node.publish(document, overrides: [Override(service: "shop", backend: "a2", change: .drain)])
            let flows = try backends(node, "203.0.113.10", 10_000..<11_000)
            let near = flows.count { $0 == "a1" }
            #expect((650...750).contains(near), "\(near)")
            #expect(Set(flows) == ["a1", "b1", "n1"])
        }
    }
}
