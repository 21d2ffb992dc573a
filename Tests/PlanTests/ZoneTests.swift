import Net
import Plan
import Policy
import Testing

/// The near zone is preferred while it has capacity.
@Suite struct ZoneTests {
    private func zone(_ name: String, _ cidrs: [String]) throws -> Zone {
        var zone = Zone(name: name, position: at(12))
        zone.cidrs = try cidrs.map(net)
        return zone
    }

    /// Backends by zone: name, zone, weight.
    private func shop(
        _ backends: [(String, String?, UInt16)], groups: [String: String] = [:], overrides: [Override] = [],
        after previous: State? = nil
    ) throws -> State {
        var shop = try service("shop", [])
        shop.groups = Set(groups.values).sorted().map {
            var group = Group(name: $0, position: at(17))
            group.weight = $0 == "canary" ? 10 : 90
            return group
        }
        for (index, (name, zone, weight)) in backends.enumerated() {
            var backend = try backend(name, "10.1.0.\(index + 1)", weight: weight)
            backend.zone = zone
            backend.group = groups[name]
            shop.backends.append(backend)
        }
        var document = document(services: [shop])
        document.zones = [
            try zone("b", ["10.3.0.0/16"]), try zone("a", ["10.2.0.0/16"]), try zone("c", ["10.4.0.0/16"]),
        ]
        return try compile(document, facts: facts(), overrides: overrides, previous: previous)
    }

    private func drain(_ name: String) -> Override { Override(service: "shop", backend: name, change: .drain) }

    /// Each backend's part of a zone's slots.
    private func parts(_ state: State, near zone: String?) -> [String: Double] {
        let service = state.services[0]
        var counts: [String: Double] = [:]
        let slots = service.slots(near: zone).current
        for slot in slots { counts[service.backends[Int(slot)].name, default: 0] += 1 }
        return counts.mapValues { ($0 / Double(slots.count) * 100).rounded() / 100 }
    }

    private let four: [(String, String?, UInt16)] = [("a1", "a", 1), ("a2", "a", 1), ("b1", "b", 1), ("b2", "b", 1)]

    @Test func clientsStayNear() throws {
        let state = try shop(four)
        #expect(state.zones.map(\.name) == ["a", "b"])
        #expect(parts(state, near: "a") == ["a1": 0.5, "a2": 0.5])
        #expect(parts(state, near: "b") == ["b1": 0.5, "b2": 0.5])
        #expect(parts(state, near: "c") == ["a1": 0.25, "a2": 0.25, "b1": 0.25, "b2": 0.25])
        #expect(parts(state, near: nil) == parts(state, near: "c"))
    }

    /// Half of the near capacity, times 1.4: 70 % stay.
    @Test func whatANearZoneCannotTakeSpillsOver() throws {
        let state = try shop(four, overrides: [drain("a2")])
        #expect(parts(state, near: "a") == ["a1": 0.7, "b1": 0.15, "b2": 0.15])
        #expect(parts(state, near: "b") == ["b1": 0.5, "b2": 0.5])
        let gone = try shop(four, overrides: [drain("a1"), drain("a2")])
        #expect(parts(gone, near: "a") == ["b1": 0.5, "b2": 0.5])
        let alone = try shop(four, overrides: [drain("a2"), drain("b1"), drain("b2")])
        #expect(parts(alone, near: "a") == ["a1": 1])
        let enough = try shop(
            [("a1", "a", 5), ("a2", "a", 2), ("b1", nil, 1)],
            overrides: [Override(service: "shop", backend: "a2", change: .drain)])
        #expect(parts(enough, near: "a") == ["a1": 1], "five sevenths are enough")
    }

    @Test func insideGroups() throws {
        let groups = ["a1": "stable", "a2": "canary", "b1": "stable", "b2": "stable"]
        #expect(try parts(shop(four, groups: groups), near: "a") == ["a1": 0.9, "a2": 0.1])
        #expect(
            try parts(shop(four, groups: groups), near: "b") == ["a2": 0.1, "b1": 0.45, "b2": 0.45],
            "the canary's share is the same for all")
    }

    @Test func eachTableKeepsItsConnections() throws {
        let before = try shop(four)
        let after = try shop(four, overrides: [drain("a2")], after: before).services[0]
        let (old, new) = (before.services[0].slots(near: "a"), after.slots(near: "a"))
        #expect(new.drainEnd == 3700)
        for slot in new.current.indices where new.current[slot] != old.current[slot] {
            #expect(new.previous[slot] == old.current[slot])
        }
        #expect(after.slots(near: "b").previous.isEmpty, "nothing changed there")
        let unzoned = try shop(four.map { ($0.0, nil, $0.2) })
        let zoned = try shop(four, after: unzoned).services[0]
        let marks = zip(
            zoned.slots(near: "a").previous, zip(zoned.slots(near: "a").current, unzoned.services[0].slots.current))
        for (mark, (current, plain)) in marks { #expect(mark == (current == plain ? ServiceSlots.none : plain)) }
    }

    @Test func withoutZonedBackendsThereAreNoZones() throws {
        let state = try shop([("a1", nil, 1)])
        #expect(state.zones.isEmpty && state.sets.isEmpty && state.services[0].zoneSlots.isEmpty)
    }
}
