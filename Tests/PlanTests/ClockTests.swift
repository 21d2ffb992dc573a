import Net
import Plan
import Policy
import Testing

/// Slow starts and deadlines of draining.
@Suite struct ClockTests {
    private func state(
        _ backends: [(String, Int)], drainTime: Int = 3600, now: UInt64 = 100, overrides: [Override] = [],
        after previous: State? = nil
    ) throws -> ServiceState {
        var shop = try service("shop", [])
        shop.drainTime = drainTime
        for (name, slowStart) in backends {
            var backend = try backend(name, "10.1.0.\(name.utf8.first ?? 0)")
            backend.slowStart = slowStart
            shop.backends.append(backend)
        }
        return try compile(document(services: [shop]), facts: facts(now: now), overrides: overrides, previous: previous)
            .services[0]
    }

    private func wrapped(_ service: ServiceState) -> State {
        var state = State()
        state.services = [service]
        return state
    }

    @Test func onlyWhatIsNewBesideOthersStartsSlowly() throws {
        let first = try state([("a", 30), ("b", 30)])
        #expect(first.backends.map(\.rampStart) == [0, 0])
        let second = try state([("a", 30), ("b", 30), ("c", 30), ("d", 0)], now: 200, after: wrapped(first))
        #expect(second.backends.map(\.rampStart) == [0, 0, 200, 0])
        let third = try state([("a", 30), ("c", 60)], now: 210, after: wrapped(second))
        #expect(third.backends.map(\.rampStart) == [0, 200])
        #expect(third.backends.map(\.slowStart) == [30, 60])
        let again = try state([("a", 30), ("b", 30), ("c", 60)], now: 900, after: wrapped(third))
        #expect(again.backends.map(\.rampStart) == [0, 900, 200], "it is new again")
        let nobody = try state(
            [("a", 30)], overrides: [Override(service: "shop", backend: "a", change: .weight(0))])
        #expect(
            try state([("a", 30), ("b", 30)], after: wrapped(nobody)).backend("b").rampStart == 0, "nobody else serves")
    }

    private func drain(_ seconds: Int, _ end: UInt64) -> Override {
        Override(service: "shop", backend: "a", change: .drainFor(seconds: seconds, end: end))
    }

    @Test func aDeadlineIsTheBackendsOwn() throws {
        let before = try state([("a", 0), ("b", 0)])
        let short = try state([("a", 0), ("b", 0)], overrides: [drain(60, 160)], after: wrapped(before))
        #expect(try short.backend("a").drainEnd == 160)
        #expect(short.slots.drainEnd == 3700, "others keep the drain time")
        let long = try state([("a", 0), ("b", 0)], overrides: [drain(9000, 9100)], after: wrapped(before))
        #expect(long.slots.drainEnd == 9100)
        let longer = try state([("a", 0), ("b", 0)], overrides: [drain(9999, 10_100)], after: wrapped(long))
        #expect(longer.slots.drainEnd == 10_100)
        let without = try state(
            [("a", 0), ("b", 0)], drainTime: 0, overrides: [drain(60, 160)], after: wrapped(before))
        #expect(without.slots.drainEnd == 160 && !without.slots.previous.isEmpty)
    }

    @Test func drainingAnewReplacesTheDeadline() {
        let list = [Override.Change.drain, .drainFor(seconds: 60, end: 160)].map {
            Override(service: "shop", backend: "a", change: $0)
        }
        #expect(list.reduce([]) { $0.adding($1) }.map(\.description) == ["backend drain shop a --for 60s"])
        #expect(list.reversed().reduce([]) { $0.adding($1) }.map(\.description) == ["backend drain shop a"])
        let undrain = Override(service: "shop", backend: "a", change: .undrain)
        #expect((list + [undrain]).reduce([]) { $0.adding($1) }.isEmpty)
    }
}
