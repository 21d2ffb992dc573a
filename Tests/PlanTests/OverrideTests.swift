import Net
import Plan
import Policy
import Testing

private func override(_ backend: String, _ change: Override.Change, service: String = "shop") -> Override {
    Override(service: service, backend: backend, change: change)
}

private func randomOverride(_ random: inout SeededGenerator) throws -> Override {
    let service = ["shop", "mail"].randomElement(using: &random) ?? ""
    let backend = "b\(Int.random(in: 0..<5, using: &random))"
    let number = Int.random(in: 0..<4, using: &random)
    let change: Override.Change =
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: .add(address: try ip("10.3.0.\(number)"), weight: UInt16(number))
        case 2: .remove
        case 3: .drain
        case 4: .undrain
        default: .weight(UInt16(number))
        }
    return override(backend, change, service: service)
}

@Suite struct OverrideTests {
    private func twoServices() throws -> Document {
        try document(services: [
            service(
                "shop", [backend("b0", "10.1.0.1"), backend("b1", "10.1.0.2", weight: 3), backend("b2", "10.1.0.3")]),
            service("mail", vip: "192.0.2.11", [backend("b1", "10.1.0.4")]),
        ])
    }

    @Test func eachChangesItsBackendAlone() throws {
        let state = try compile(
            twoServices(), facts: facts(),
            overrides: [
                override("b3", .add(address: ip("2001:db8:1::1"), weight: 7)), override("b0", .remove),
                override("b1", .weight(9)), override("b2", .drain),
            ])
        let shop = try state.service("shop")
        #expect(shop.backends.map(\.name) == ["b1", "b2", "b3"])
        #expect(shop.backends.map(\.weight) == [9, 1, 7])
        #expect(shop.backends.map(\.draining) == [false, true, false])
        #expect(try shop.backend("b3").tunnelSource == ip("2001:db8::1"))
        #expect(try state.service("mail").backends == compile(twoServices(), facts: facts()).service("mail").backends)
    }

    @Test func thoseThatMeanNothingAreDropped() throws {
        let overrides = [
            override("b1", .drain, service: "shp"), override("b4", .weight(1)), override("b0", .remove),
            override("b0", .drain), override("b1", .add(address: try ip("10.1.0.2"), weight: 1)),
            override("b2", .drain),
        ]
        let settled = SettledOverrides(overrides, over: try twoServices())
        #expect(settled.kept == [overrides[2], overrides[5]])
        #expect(
            settled.dropped.map(\.description) == [
                "backend drain shp b1: there is no service \"shp\": did you mean \"shop\"?",
                "backend weight shop b4 1: service shop has no backend \"b4\": there is b0, b1, b2",
                "backend drain shop b0: service shop has no backend \"b0\": there is b1, b2",
                "backend add shop b1 10.1.0.2 --weight 1: service shop already has a backend \"b1\"",
            ])
        #expect(
            try compile(twoServices(), facts: facts(), overrides: overrides)
                == compile(twoServices(), facts: facts(), overrides: settled.kept))
    }

    @Test(
        arguments: [
            ([.drain, .undrain], []),
            ([.weight(1), .weight(2), .drain, .drain], [.weight(2), .drain]),
            ([.weight(1), .drain, .remove], [.remove]),
        ] as [([Override.Change], [Override.Change])])
    func listsStayShort(changes: [Override.Change], expected: [Override.Change]) {
        let others = [override("b1", .drain), override("b0", .drain, service: "mail")]
        let list = changes.map { override("b0", $0) }.reduce(others) { $0.adding($1) }
        #expect(list == others + expected.map { override("b0", $0) })
    }

    @Test func removingWhatWasAddedLeavesNothing() throws {
        let add = Override.Change.add(address: try ip("10.3.0.1"), weight: 1)
        let added = [Override.Change.add(address: try ip("10.3.0.1"), weight: 1), .weight(3), .drain, .remove]
        #expect(added.map { override("b9", $0) }.reduce([]) { $0.adding($1) } == [])
        let replaced = [.remove, add, .weight(3), .remove].map { override("b0", $0) }.reduce([]) { $0.adding($1) }
        #expect(replaced == [override("b0", .remove)])
    }

    /// Commands one after the other, each on the state before, end where compiling the file with all of them does.
    @Test(arguments: seeds) func changingIsCompiling(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var state = try compile(twoServices(), facts: facts())
        var overrides: [Override] = []
        var now: UInt64 = 100
        var made = 0
        for _ in 0..<30 {
            now += UInt64.random(in: 0...2000, using: &random)
            let override = try randomOverride(&random)
            let next = try? changing(state, by: override, facts: facts(now: now))
            let rejected = SettledOverrides(overrides + [override], over: try twoServices()).dropped
            #expect((next == nil) == (rejected.map(\.override) == [override]))
            guard let next else { continue }
            overrides = overrides.adding(override)
            #expect(
                try next == compile(twoServices(), facts: facts(now: now), overrides: overrides, previous: state),
                "\(override)")
            state = next
            made += 1
        }
        #expect(made > 0)
    }

    @Test func aSecondBackendOfAnotherServiceCostsNoOtherTable() throws {
        let state = try compile(twoServices(), facts: facts())
        let next = try changing(state, by: override("b1", .drain), facts: facts())
        #expect(try next.service("mail") == state.service("mail"))
    }

    @Test func changingSaysWhyNot() throws {
        let state = try compile(twoServices(), facts: facts())
        #expect(throws: OverrideError("there is no service \"mai\"", hint: "did you mean \"mail\"?")) {
            try changing(state, by: override("b1", .drain, service: "mai"), facts: facts())
        }
        var narrow = try facts()
        narrow.links[1].addresses = [try ip("10.0.0.1")]
        #expect(
            throws: OverrideError(
                "interface eth0 has no IPv6 address to send tunnels from",
                hint: "give it one, or write its tunnel-source")
        ) {
            try changing(state, by: override("b7", .add(address: ip("2001:db8:1::1"), weight: 1)), facts: narrow)
        }
    }
}
