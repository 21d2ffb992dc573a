import Net
import Plan
import Policy
import Testing

/// Groups of backends with shares of their own.
@Suite struct SplitTests {
    private func state(
        _ groups: [(String, UInt16)], _ backends: [(name: String, group: String, weight: UInt16)],
        overrides: [Override] = [], after previous: State? = nil
    ) throws -> ServiceState {
        var shop = try service("shop", [])
        shop.groups = groups.map {
            var group = Group(name: $0.0, position: at(17))
            group.weight = $0.1
            return group
        }
        for (index, member) in backends.enumerated() {
            var backend = try backend(member.name, "10.1.\(index / 200).\(index % 200 + 1)", weight: member.weight)
            backend.group = member.group
            shop.backends.append(backend)
        }
        return try compile(document(services: [shop]), facts: facts(), overrides: overrides, previous: previous)
            .services[0]
    }

    /// Each group's part of the slots.
    private func parts(_ service: ServiceState) -> [String: Double] {
        var counts: [String: Double] = [:]
        for slot in service.slots.current { counts[service.backends[Int(slot)].group ?? "", default: 0] += 1 }
        return counts.mapValues { $0 / Double(service.slots.current.count) }
    }

    private func members(_ group: String, _ weights: [UInt16]) -> [(name: String, group: String, weight: UInt16)] {
        weights.enumerated().map { ("\(group)-\($0.offset)", group, $0.element) }
    }

    /// Odd numbers of backends, odd weights, many in the small group and few in the large one.
    @Test(
        arguments: [
            ([1, 1, 1], [1]), ([7], [1]), ([3, 5, 65535, 1], [1, 2, 4]), ([1], Array(repeating: 9, count: 97)),
            (Array(repeating: 1000, count: 33), [1, 65535]), ([65535], [1]),
        ] as [([UInt16], [UInt16])])
    func splitsHold(stable: [UInt16], canary: [UInt16]) throws {
        for (weights, share) in [((95, 5), 0.05), ((99, 1), 0.01), ((2, 1), 1.0 / 3), ((60000, 20000), 0.25)]
            as [((UInt16, UInt16), Double)]
        {
            let service = try state(
                [("stable", weights.0), ("canary", weights.1)], members("stable", stable) + members("canary", canary))
            #expect(abs((parts(service)["canary"] ?? 0) - share) < 0.005)
        }
    }

    @Test func insideAGroupWeightsDecide() throws {
        let service = try state([("a", 50), ("b", 50)], members("a", [1, 3]) + members("b", [1]))
        var counts = [Double](repeating: 0, count: 3)
        for slot in service.slots.current { counts[Int(slot)] += 1 }
        let all = Double(service.slots.current.count)
        for (count, share) in zip(counts, [0.125, 0.375, 0.5]) { #expect(abs(count / all - share) < 0.001) }
    }

    @Test func aDrainedGroupLeavesItsShareToTheOthers() throws {
        let backends = members("a", [1, 1]) + members("b", [4])
        let drained = try state(
            [("a", 90), ("b", 10)], backends,
            overrides: [
                Override(service: "shop", backend: "a-0", change: .drain),
                Override(service: "shop", backend: "a-1", change: .weight(0)),
            ])
        #expect(parts(drained) == ["b": 1])
        #expect(try parts(state([("a", 0), ("b", 10)], backends)) == ["b": 1])
        #expect(try state([("a", 0), ("b", 0)], backends).slots.current.isEmpty)
    }

    @Test func theSplitIsMovedByHand() throws {
        let backends = members("a", [1]) + members("b", [1])
        let turned = try state(
            [("a", 95), ("b", 5)], backends, overrides: [Override(service: "shop", backend: "b", change: .split(285))])
        #expect(turned.groups == [GroupState(name: "a", weight: 95), GroupState(name: "b", weight: 285)])
        #expect(abs((parts(turned)["b"] ?? 0) - 0.75) < 0.005)
    }

    @Test func wrongGroupsAreNamed() throws {
        var shop = try service("shop", [backend("one", "10.1.0.1")])
        shop.groups = [Group(name: "canary", position: at(17))]
        shop.backends[0].group = "canary"
        let change = { (name: String, change: Override.Change) in
            SettledOverrides(
                [Override(service: "shop", backend: name, change: change)], over: document(services: [shop])
            )
            .dropped.map(\.description)
        }
        #expect(
            change("cannary", .split(3)) == [
                "service split shop cannary 3: service shop has no group \"cannary\": did you mean \"canary\"?"
            ])
        #expect(
            try change("two", .add(address: ip("10.1.0.2"), weight: 1)) == [
                "backend add shop two 10.1.0.2 --weight 1: the backends of service shop are in groups: "
                    + "add --group with one of canary"
            ])
        #expect(try change("two", .add(address: ip("10.1.0.2"), weight: 1, group: "canary")).isEmpty)
    }

    @Test func listsOfSplitsStayShort() {
        let list = [Override.Change.split(1), .weight(7), .split(2)].reduce([]) {
            $0.adding(Override(service: "shop", backend: "canary", change: $1))
        }
        #expect(list.map(\.description) == ["backend weight shop canary 7", "service split shop canary 2"])
    }
}
