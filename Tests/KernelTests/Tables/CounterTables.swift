import Dataplane
import Net
import Packets
import Plan
import TestSupport
import Testing

/// Every packet is counted once, under what became of it and whatever had a part in that.
@Suite(.enabled(if: isRoot), .serialized)
struct CounterTables {
    private static func policy(_ rules: String = "", services: String = "") -> String {
        """
        version: 1
        interfaces: {nic: {}, far: {}}
        defaults: {echo: reply}
        services:
        \(services)
          shop:
            vips: [192.0.2.10]
            ports: [443/tcp]
            forward: ipip
            backends: {one: {address: 10.0.0.11}}
          far:
            vips: [192.0.2.10]
            ports: [444/tcp]
            forward: ipip
            backends: {far-1: {address: 10.0.5.11}}
          silent:
            vips: [192.0.2.10]
            ports: [445/tcp]
            forward: ipip
            backends: {silent-1: {address: 10.0.0.13}}
          lost:
            vips: [192.0.2.10]
            ports: [446/tcp]
            forward: ipip
            backends: {lost-1: {address: 10.99.0.1}}
          idle: {vips: [192.0.2.10], ports: [80/tcp], forward: ipip}
        policies:
        \(rules)
          guests: {from: {cidr: 203.0.113.128/25}, to: any, action: deny}
          clients: {from: {cidr: 203.0.113.0/24}, to: [shop, far, silent, lost, idle]}
          ssh: {from: any, to: node, ports: [22/tcp]}
        """
    }

    private static let client = "203.0.113.9"
    private static let vip = "192.0.2.10"

    private static func syn(_ port: UInt16, from source: String = client) -> [UInt8] {
        Frame(packet(source, vip, .syn(port))).bytes
    }

    private static var tooBig: [UInt8] {
        Frame(packet(client, vip, .tcp(TCPSegment(from: 40000, to: 443, data: Array(repeating: 0, count: 1450))))).bytes
    }

    /// How often each is sent, differently for each so that no two can be mistaken for each other.
    private static let traffic: [(outcome: String, times: UInt64, frame: [UInt8])] = [
        ("pass upkeep", 1, hex("ffffffffffff 020000000201 0806") + Array(repeating: 0, count: 46)),
        ("pass allowed", 2, Frame(packet(client, "10.0.0.1", .syn(22))).bytes),
        ("tx allowed", 3, syn(443)),
        ("tx echo", 4, Frame(packet(client, vip, .ping())).bytes),
        ("redirect allowed", 5, syn(444)),
        ("redirect allowed", 6, syn(445)),
        ("drop malformed", 7, Frame(packet(client, vip, .tcp(443, [.syn, .fin]))).bytes),
        ("drop not_ip", 8, hex("020000000101 020000000201 8847") + Array(repeating: 0, count: 46)),
        ("drop no_service", 9, syn(447)),
        ("drop policy", 10, syn(443, from: "203.0.113.200")),
        ("drop default", 11, syn(443, from: "198.51.100.1")),
        ("drop no_backend", 12, syn(80)),
        ("drop fragment", 13, Frame(packet(client, vip, .syn(443))).bytes.patched(20, "0002").patched(18, "0f0f")),
        ("drop too_big", 14, tooBig),
        ("drop no_route", 15, syn(446)),
    ]

    private func send(_ node: KernelNode) throws {
        for packet in Self.traffic {
            for _ in 0..<packet.times { _ = try node.dataplane?.run(packet.frame, interfaceIndex: node.nic) }
        }
    }

    /// By what `drops`, `policy list` and `service show` say.
    private func count(_ node: KernelNode) throws -> [String: Tally] {
        guard let counters = try node.dataplane?.counters() else { return [:] }
        var counts: [String: Tally] = [:]
        for outcome in Outcome.all { counts[outcome.description, default: Tally()] += counters.outcome(outcome) }
        counts["rule default"] = counters.rule(0)
        for rule in node.state.rules { counts["rule \(rule.name)"] = counters.rule(rule.slot) }
        for service in node.state.services {
            counts["service \(service.name)"] = counters.service(service.slot)
            for backend in service.backends { counts["backend \(backend.name)"] = counters.backend(backend.slot) }
        }
        return counts.filter { $0.value.packets > 0 }
    }

    private static func expected(rounds: UInt64) -> [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for packet in traffic { counts[packet.outcome, default: 0] += packet.times * rounds }
        // Echo is a matter of the rules about its VIP's services. What policy refuses counts for no service, and no drop
        // for a backend.
        let parts: [String: UInt64] = [
            "rule default": 11, "rule guests": 10, "rule ssh": 2, "rule clients": 3 + 4 + 5 + 6 + 12 + 14 + 15,
            "service shop": 3 + 14, "service far": 5, "service silent": 6, "service lost": 15, "service idle": 12,
            "backend one": 3, "backend far-1": 5, "backend silent-1": 6,
        ]
        return counts.merging(parts.mapValues { $0 * rounds }) { left, _ in left }
    }

    @Test func everyPacketOnce() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy())
            for packet in Self.traffic {
                _ = try node.dataplane?.dryRunner().run(packet.frame, interfaceIndex: node.nic)
            }
            #expect(try count(node).isEmpty, "dry runs count nothing")
            #expect(try node.dataplane?.flows().isEmpty == true)

            try send(node)
            let counts = try count(node)
            #expect(counts.mapValues(\.packets) == Self.expected(rounds: 1))
            let outcomes = Set(Self.traffic.map(\.outcome))
            let all = counts.filter { outcomes.contains($0.key) }.reduce(into: Tally()) { $0 += $1.value }
            #expect(all.packets == Self.traffic.reduce(0) { $0 + $1.times })
            #expect(all.bytes == Self.traffic.reduce(0) { $0 + $1.times * UInt64($1.frame.count) })
            #expect(counts["backend one"]?.bytes == 3 * 54, "bytes of frames as they came in")

            // With a rule and a service in front of the others, so that everything has another number.
            try node.publish(
                yaml: Self.policy(
                    "  first: {from: {cidr: 198.51.100.99}, to: any}",
                    services: "  added: {vips: [192.0.2.11], ports: [443/tcp], forward: ipip}"))
            #expect(try count(node) == counts, "counters survive a publish")
            try send(node)
            #expect(try count(node).mapValues(\.packets) == Self.expected(rounds: 2))
        }
    }
}
