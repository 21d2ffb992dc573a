import Net
import Plan
import Policy
import Testing

/// Several nodes that share one VIP must compute the same tables and marks, or connections break when the router sends
/// their packets to another node.
@Suite struct AgreeingNodesTests {
    /// Another machine: other links, indices, addresses and routes, and a clock that began elsewhere.
    private func otherFacts(now: UInt64) throws -> NodeFacts {
        NodeFacts(
            links: [
                try link("dummy0", 4, ["10.5.0.1"]),
                NodeFacts.Link(
                    name: "eth0", index: 17, mtu: 9000, mac: MACAddress("02:99:00:00:00:01"),
                    addresses: [try ip("10.0.0.77"), try ip("2001:db8::77")]),
            ],
            routeSources: [try ip("10.1.0.1"): try ip("10.5.0.1")], now: now)
    }

    @Test(arguments: seeds) func nodesComputeTheSameTables(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var backends = try (0..<4).map { try backend("b\($0)", $0 == 2 ? "2001:db8:1::2" : "10.1.0.\($0)") }
        var overrides: [Override] = []
        var (first, second): (State?, State?)
        for step in 0..<15 {
            let name = "b\(Int.random(in: 0..<10, using: &random))"
            if let index = backends.firstIndex(where: { $0.name == name }) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: backends.remove(at: index)
                case 1: backends[index].weight = UInt16.random(in: 0...3, using: &random)
                case 2: overrides.append(Override(service: "shop", backend: name, change: .drain))
                default: overrides.append(Override(service: "shop", backend: name, change: .undrain))
                }
            } else {
                backends.append(try backend(name, "10.1.\(step + 1).9"))
            }
            // What a file has nothing to do with, in any order: another service, interfaces, rules.
            let services = [try service("shop", backends), try service("other", vip: "192.0.2.11", [])]
            let now = UInt64(100 + 50 * step)
            let one = try compile(
                document(services: services), facts: facts(now: now), overrides: overrides, previous: first)
            let other = try compile(
                document(services: services), facts: otherFacts(now: now + 1_000_000), overrides: overrides,
                previous: second)
            let (mine, theirs) = (one.services[0], other.services[0])
            #expect(mine.slots.current == theirs.slots.current)
            #expect(mine.slots.previous == theirs.slots.previous)
            // Each by its own clock, at the same time.
            #expect(mine.slots.previous.isEmpty || mine.slots.drainEnd + 1_000_000 == theirs.slots.drainEnd)
            #expect(mine.backends.map(\.name) == theirs.backends.map(\.name))
            #expect(mine.backends.map(\.slot) == theirs.backends.map(\.slot))
            #expect(mine.backends.map(\.tunnelSource) != theirs.backends.map(\.tunnelSource) || mine.backends.isEmpty)
            (first, second) = (one, other)
        }
    }
}
