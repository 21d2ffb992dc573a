import Oracle
import Packets
import Plan
import Testing

@testable import Survival

/// New ones in every run; a failing run names its seeds in the test's arguments.
let seeds = (0..<8).map { _ in UInt64.random(in: 0...UInt64.max) }

private let mix = Mix(long: 600, short: 300)

/// What Sluice promises of connections, whatever the connections are.
@Suite struct SluiceTests {
    /// Each node applies all of them in the same order, but when it likes.
    private func staggered(_ random: inout SplitMix64) -> Scenario {
        // Eight fill a size of table, so that a ninth makes it another one.
        let backends = random.pick([3, 8, 10])
        let changes = randomChanges(of: backends, &random)
        var events: [Scenario.Event] = []
        for node in 0..<4 {
            let moments = changes.map { _ in Int.random(in: 10..<50, using: &random) }.sorted()
            events += zip(moments, changes).map { Scenario.Event(at: $0, .change($1, on: [node])) }
        }
        return Scenario("staggered", events.sorted { $0.tick < $1.tick }, backends: backends)
    }

    private func randomChanges(of backends: Int, _ random: inout SplitMix64) -> [Fleet.Change] {
        var backends = Array(0..<backends)
        return (0..<6).map { _ in
            let backend = random.pick(backends)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                backends.append(backends.count)
                return .add(backends.count - 1)
            case 1: return .drain(backend)
            case 2: return .undrain(backend)
            default: return .weight(backend, random.pick([0, 1, 2, 5]))
            }
        }
    }

    @Test(arguments: seeds) func nothingBreaksWhileNodesStay(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let scenario = staggered(&random)
        let outcome = try Simulation.run(scenario, .sluice, mix: mix, seed: seed)
        #expect(outcome.broken.isEmpty)
        #expect(outcome.connections > 300)
        // The same happens to others, and it is not nothing.
        #expect(try !Simulation.run(scenario, .maglev, mix: mix, seed: seed).broken.isEmpty)
        #expect(try !Simulation.run(scenario, .ring, mix: mix, seed: seed).broken.isEmpty)
    }

    @Test(arguments: seeds, Router.Hashing.allCases) func nothingBreaksWhileBackendsStay(
        seed: UInt64, hashing: Router.Hashing
    ) throws {
        var random = SplitMix64(seed: seed)
        var events: [Scenario.Event] = []
        for (place, lost) in [2, 0, 3].enumerated() {
            events.append(.init(at: Int.random(in: 10..<50, using: &random), .lose(lost)))
            events.append(.init(at: Int.random(in: 10..<50, using: &random), .join(4 + place, .file)))
        }
        let scenario = Scenario("nodes come and go", events.sorted { $0.tick < $1.tick })
        let outcome = try Simulation.run(scenario, .sluice, hashing, mix: mix, seed: seed)
        #expect(outcome.broken.isEmpty)
        #expect(outcome.connections > 300)
    }

    /// Once a drain time is over, a lost node takes nothing with it that another one needs.
    @Test(arguments: seeds) func nothingBreaksAfterTheDrainTime(seed: UInt64) throws {
        let scenario = Scenario(
            "late", [.init(at: 2, .change(.add(10))), .init(at: 13, .lose(1))], drainTime: 100)
        var random = SplitMix64(seed: seed)
        let young = mix.connections(ticks: Scenario.ticks, using: &random).filter { $0.begin >= 2 }
        #expect(try Simulation.run(scenario, .sluice, .modulo, young).broken.isEmpty)
        #expect(try Simulation.run(scenario, .maglev, .modulo, young).broken.isEmpty)
    }

    /// Exactly those connections break which began at a marked slot, that is while the drain time ran and with the
    /// new backend, and whose packets then came to a node that had not seen them begin.
    @Test(arguments: seeds, Router.Hashing.allCases) func whatBreaksWhenANodeIsLostMeanwhile(
        seed: UInt64, hashing: Router.Hashing
    ) throws {
        var random = SplitMix64(seed: seed)
        let connections = Mix(long: 1500, short: 300).connections(ticks: Scenario.ticks, using: &random)
        var total = 0
        for (backends, change) in [(8, Fleet.Change.add(8)), (10, .add(10)), (10, .drain(3)), (10, .weight(3, 4))] {
            let scenario = Scenario(
                "both", [.init(at: 20, .change(change)), .init(at: 30, .lose(0))], backends: backends)
            let outcome = try Simulation.run(scenario, .sluice, hashing, connections)

            var fleet = Fleet(backends: backends, drainTime: 3600)
            let before = try fleet.state(after: nil, now: 0)
            fleet.make(change)
            let slots = try fleet.state(after: before, now: 0).services[0].slots
            let router = Router(hashing, nodes: [0, 1, 2, 3])
            var later = router
            later.lose(0)
            let expected = connections.indices.filter { index in
                let connection = connections[index]
                let began = slots.current[FlowHash.scale(connection.hash, to: slots.current.count)]
                // A table of another size is marked also where nothing changed.
                let moved = slots.mark(connection.hash, now: 0).map { $0.previous != Int(began) } ?? false
                return (20..<30).contains(connection.begin) && connection.end >= 30 && moved
                    && router.node(of: connection) != later.node(of: connection)
            }
            #expect(outcome.broken == expected)
            total += expected.count
        }
        #expect(total > 0, "something must be able to break")
    }

    @Test(arguments: seeds) func theDrainTimeIsForThoseThatAreOlder(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let connections = mix.connections(ticks: Scenario.ticks, using: &random)
        let scenario = Scenario("short", [.init(at: 20, .change(.add(10)))], drainTime: 100)
        let broken = try Simulation.run(scenario, .sluice, .modulo, connections).broken
        #expect(!broken.isEmpty)
        #expect(broken.allSatisfy { connections[$0].begin < 20 && connections[$0].end >= 30 })
    }

    @Test(arguments: seeds) func removalBreaksNoOthers(seed: UInt64) throws {
        let scenario = Scenario("removed", [.init(at: 20, .change(.remove(3))), .init(at: 25, .change(.remove(4)))])
        #expect(try Simulation.run(scenario, .sluice, mix: mix, seed: seed).broken.isEmpty)
    }

    /// It takes a multiple of its memory in SYNs, by the part of slots that are marked.
    @Test func aFloodReachesOnlyWhatBeganAtMarkedSlots() throws {
        var random = SplitMix64(seed: 7)
        let connections = mix.connections(ticks: Scenario.ticks, using: &random)
        var scenario = Scenario(
            "flood", [.init(at: 20, .change(.add(10)))], flood: .init(ticks: 18..<24, packets: 20_000))
        scenario.memory = 200
        let broken = try Simulation.run(scenario, .sluice, .modulo, connections).broken
        #expect(!broken.isEmpty)
        #expect(broken.allSatisfy { connections[$0].begin >= 20 })
        #expect(try Simulation.run(scenario, .tracking, .modulo, connections).broken.count > broken.count)
    }
}
