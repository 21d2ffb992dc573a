import Net
import Plan
import Policy
import Testing

/// A node that balances as the data path does: it remembers only connections that begin on a marked slot.
private struct Node {
    var service: ServiceState
    var now: UInt64
    private var remembered: [UInt32: IPAddress] = [:]

    init(_ service: ServiceState, now: UInt64) {
        self.service = service
        self.now = now
    }

    private var marked: Bool { !service.slots.previous.isEmpty && now < service.slots.drainEnd }

    private func scale(_ hash: UInt32, _ count: Int) -> Int { Int(UInt64(hash) * UInt64(count) >> 32) }

    /// The previous backend's index where the flow's slot is marked; inner `nil` where the current one decides.
    private func mark(_ hash: UInt32) -> Int?? {
        guard marked else { return nil }
        let (current, previous) = (service.slots.current, service.slots.previous)
        let index = previous[scale(hash, previous.count)]
        if index != ServiceSlots.none { return .some(Int(index)) }
        return previous.count == current.count ? nil : .some(nil)
    }

    private func current(_ hash: UInt32) -> IPAddress? {
        let slots = service.slots.current
        return slots.isEmpty ? nil : service.backends[Int(slots[scale(hash, slots.count)])].address
    }

    /// The first packet of a connection.
    mutating func open(_ hash: UInt32) -> IPAddress? {
        let chosen = current(hash)
        remembered[hash] = mark(hash) == nil ? nil : chosen
        return chosen
    }

    /// Any later packet.
    func carry(_ hash: UInt32) -> IPAddress? {
        guard let mark = mark(hash) else { return current(hash) }
        if let known = remembered[hash], service.backends.contains(where: { $0.address == known }) { return known }
        return mark.map { service.backends[$0].address } ?? current(hash)
    }
}

@Suite struct DrainingTests {
    private func state(
        _ backends: [Backend], drainTime: Int = 3600, now: UInt64 = 100, overrides: [Override] = [],
        after previous: State? = nil
    ) throws -> State {
        var service = try service("shop", backends)
        service.drainTime = drainTime
        return try compile(
            document(services: [service]), facts: facts(now: now), overrides: overrides, previous: previous)
    }

    /// What another scheduler placed is remembered, and looked up while every slot is marked.
    @Test func towardsMaglevEverySlotIsMarked() throws {
        let backends = [try backend("a", "10.1.0.1"), try backend("b", "10.1.0.2")]
        func state(_ scheduler: Service.Scheduler, affinity: Int = 0, after: State?, now: UInt64) throws -> State {
            var service = try service("shop", backends)
            service.scheduler = scheduler
            service.affinity = affinity
            return try compile(document(services: [service]), facts: facts(now: now), previous: after)
        }
        let turns = try state(.roundRobin, after: nil, now: 100)
        #expect(turns.services[0].slots.previous.isEmpty)
        let slots = try state(.maglev, after: turns, now: 200).services[0].slots
        #expect(slots.previous == slots.current)
        #expect(slots.drainEnd == 200 + 3600)
        let together = try state(.maglev, affinity: 60, after: turns, now: 200)
        #expect(together.services[0].slots.previous.isEmpty)
        #expect(try state(.maglev, after: together, now: 300).services[0].slots.drainEnd == 300 + 3600)
        let still = try state(.random, after: turns, now: 200)
        #expect(still.services[0].slots.previous.isEmpty)
    }

    private func drain(_ name: String) -> Override { Override(service: "shop", backend: name, change: .drain) }

    @Test func additionMarksExactlyTheSlotsThatMoved() throws {
        let three = try [backend("a", "10.1.0.1"), backend("b", "10.1.0.2"), backend("d", "10.1.0.4")]
        let before = try state(three)
        let after = try state(three + [backend("c", "10.1.0.3")], now: 200, after: before)
        let (old, new) = (before.services[0].slots, after.services[0].slots)
        #expect(new.drainEnd == 200 + 3600)
        #expect(new.previous.count == new.current.count)
        for slot in new.current.indices {
            // `d` has index 3 now, and 2 before.
            let established = [0, 1, 3][Int(old.current[slot])]
            let expected = Int(new.current[slot]) == established ? Int(ServiceSlots.none) : established
            #expect(Int(new.previous[slot]) == expected)
        }
        #expect(new.previous.contains(ServiceSlots.none) && new.previous.contains(3))
    }

    @Test func removalAndNewAddressChooseAnewAtOnce() throws {
        let all = try [
            backend("a", "10.1.0.1"), backend("b", "10.1.0.2"), backend("c", "10.1.0.3"), backend("d", "10.1.0.4"),
        ]
        let before = try state(all)
        let moved = try state(all.dropLast() + [backend("d", "10.1.0.9")], after: before)
        #expect(moved.services[0].slots == ServiceSlots(current: before.services[0].slots.current))

        let removed = try state(all.dropLast(), after: before).services[0].slots
        for (slot, established) in removed.previous.enumerated() where established != ServiceSlots.none {
            #expect(before.services[0].slots.current[slot] == established)
            #expect(established != 3)
        }
    }

    @Test func untouchedServicesKeepTheirTables() throws {
        let all = try [backend("a", "10.1.0.1"), backend("b", "10.1.0.2"), backend("c", "10.1.0.3")]
        let drained = try state(all, overrides: [drain("b")], after: state(all))
        #expect(!drained.services[0].slots.previous.isEmpty)
        let again = try state(all, now: 500, overrides: [drain("b")], after: drained)
        #expect(again.services[0].slots == drained.services[0].slots)
        let late = try state(all, now: 100 + 3600, overrides: [drain("b")], after: again)
        #expect(late.services[0].slots == ServiceSlots(current: drained.services[0].slots.current))
    }

    @Test func withoutDrainTimeNothingIsMarked() throws {
        let all = try [backend("a", "10.1.0.1"), backend("b", "10.1.0.2")]
        let before = try state(all, drainTime: 0)
        let after = try state(all, drainTime: 0, overrides: [drain("b")], after: before)
        #expect(after.services[0].slots.previous.isEmpty && after.services[0].slots.drainEnd == 0)
        let hasty = try state(
            all, drainTime: 0, overrides: [drain("b")],
            after: try state(all, overrides: [drain("b")], after: state(all)))
        #expect(hasty.services[0].slots.previous.isEmpty)
    }

    @Test func aLaterEndWins() throws {
        let all = try [backend("a", "10.1.0.1"), backend("b", "10.1.0.2"), backend("c", "10.1.0.3")]
        let long = try state(all, now: 100, overrides: [drain("a")], after: state(all))
        let short = try state(all, drainTime: 60, now: 200, overrides: [drain("a"), drain("b")], after: long)
        #expect(short.services[0].slots.drainEnd == 3700)
        let longer = try state(all, drainTime: 7200, now: 300, overrides: [drain("b")], after: short)
        #expect(longer.services[0].slots.drainEnd == 7500)
    }

    @Test func whenAllDrainOnlyConnectionsAreLeft() throws {
        let all = try [backend("a", "10.1.0.1"), backend("b", "10.1.0.2")]
        let before = try state(all)
        let drained = try state(all, overrides: [drain("a"), drain("b")], after: before).services[0]
        #expect(drained.slots.current.isEmpty)
        #expect(drained.slots.previous == before.services[0].slots.current)
        let gone = try state([], after: before).services[0]
        #expect(gone.slots == ServiceSlots())
    }

    @Test func anotherSizeKeepsTheWholeTableOfBefore() throws {
        let all = try (0..<3).map { try backend("b\($0)", "10.1.0.\($0)") }
        let before = try state(Array(all.prefix(2)))
        let after = try state(all, after: before).services[0].slots
        #expect(before.services[0].slots.current.count == 2003)
        #expect(after.current.count == 4001)
        #expect(after.previous == before.services[0].slots.current)
        let smaller = try state([all[1]], after: before).services[0].slots
        #expect(smaller.current.count == 1009)
        #expect(smaller.previous == before.services[0].slots.current.map { $0 == 1 ? 0 : ServiceSlots.none })
    }

    /// Whatever happens to the backend set, a connection stays where it began while its backend is there and the drain
    /// time since its backend's last change of slots runs.
    @Test(arguments: seeds) func connectionsSurviveEveryChange(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var backends = try (0..<3).map { try backend("b\($0)", "10.1.0.\($0)") }
        var draining: Set<String> = []
        var state = try state(backends)
        var node = Node(state.services[0], now: 100)
        var connections: [UInt32: IPAddress] = [:]

        for step in 0..<40 {
            for _ in 0..<60 {
                let hash = UInt32.random(in: 0 ... .max, using: &random)
                connections[hash] = node.open(hash)
            }
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                let name = "b\(Int.random(in: 0..<12, using: &random))"
                if !backends.contains(where: { $0.name == name }) {
                    backends.append(try backend(name, "10.1.\(step + 1).1"))
                }
            case 2: if let victim = backends.indices.randomElement(using: &random) { backends.remove(at: victim) }
            case 3:
                if let index = backends.indices.randomElement(using: &random) {
                    backends[index].weight = [0, 1, 2, 100].randomElement(using: &random) ?? 1
                }
            case 4: draining.formUnion(backends.randomElement(using: &random).map { [$0.name] } ?? [])
            case 5: if let name = draining.sorted().randomElement(using: &random) { draining.remove(name) }
            case 6:
                if let index = backends.indices.randomElement(using: &random) {
                    backends[index].address = try ip("10.2.\(step + 1).1")
                }
            default: draining = Int.random(in: 0..<3, using: &random) == 0 ? Set(backends.map(\.name)) : []
            }
            draining.formIntersection(backends.map(\.name))
            // Less than the drain time over all steps.
            node.now += UInt64.random(in: 0...80, using: &random)
            state = try self.state(
                backends, now: node.now, overrides: draining.sorted().map(drain), after: state)
            node.service = state.services[0]

            for (hash, address) in connections {
                if backends.contains(where: { $0.address == address }) {
                    guard node.carry(hash) == address else {
                        Issue.record(
                            "step \(step): \(hash) left \(address) for \(String(describing: node.carry(hash)))")
                        return
                    }
                } else {
                    connections[hash] = nil
                }
            }
            let usable = backends.filter { $0.weight > 0 && !draining.contains($0.name) }.map(\.address)
            let fresh = UInt32.random(in: 0 ... .max, using: &random)
            let chosen = node.open(fresh)
            #expect(chosen.map(usable.contains) ?? usable.isEmpty)
            connections[fresh] = chosen
        }
    }
}
