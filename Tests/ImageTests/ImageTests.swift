import DataplaneABI
import Net
import Plan
import Policy
import Testing

@testable import Image

@Suite struct ImageTests {
    private static let seeds = (0..<25).map { _ in UInt64.random(in: 0 ... .max) }

    private func published(seed: UInt64) -> PublishedState {
        var random = RandomState(seed: seed)
        return PublishedState(
            state: random.state(), sources: [SourceFile(name: "a.yaml", text: "version: 1 # é\n")],
            overrides: [
                Override(service: "s", backend: "b", change: .drain),
                Override(service: "s", backend: "c", change: .add(address: random.address(), weight: 7)),
                Override(
                    service: "s", backend: "d",
                    change: .add(address: random.address(), weight: 7, group: "g", zone: "z")),
                Override(service: "s", backend: "g", change: .split(30)),
                Override(service: "s", backend: "g", change: .drainFor(seconds: 60, end: 1234)),
            ], publishedAt: 1_790_000_000)
    }

    private func read(_ bytes: [UInt8]) throws -> Image { try bytes.withUnsafeBytes { try Image(reading: $0) } }

    @Test(arguments: seeds) func whatIsWrittenIsReadBack(seed: UInt64) throws {
        let published = published(seed: seed)
        let image = try Image.compile(published)
        let bytes = image.bytes
        let again = try read(bytes)
        #expect(again.published == published, "seed \(seed)")
        #expect(again.bytes == bytes, "seed \(seed)")
        #expect(try Image.compile(published).bytes == bytes, "seed \(seed)")
        #expect(image.needs == again.needs)
        #expect(bytes.count == image.needs.lines * 64)
    }

    @Test(arguments: seeds) func reusingAnImageChangesNothingButTheCost(seed: UInt64) throws {
        var published = published(seed: seed)
        let before = try read(try Image.compile(published).bytes)
        if !published.state.services.isEmpty, !published.state.services[0].backends.isEmpty {
            published.state.services[0].backends[0].draining.toggle()
        }
        #expect(try Image.compile(published, reusing: before).bytes == Image.compile(published).bytes, "seed \(seed)")
        // Every part that tables are made from must be noticed.
        for change in Self.policyChanges {
            var changed = published
            change(&changed.state)
            #expect(try Image.compile(changed, reusing: before).bytes == Image.compile(changed).bytes, "seed \(seed)")
        }
    }

    /// Bytes with a life of their own.
    private final class Memory: ImageMemory {
        nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

        init(_ content: [UInt8]) {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 64)
            copy.copyBytes(from: content)
            bytes = UnsafeRawBufferPointer(copy)
        }

        deinit { bytes.deallocate() }
    }

    @Test(arguments: seeds) func slotsThatAreNotReadAreCopied(seed: UInt64) throws {
        let published = published(seed: seed)
        let bytes = try Image.compile(published).bytes
        let hasZones = published.state.services.contains { !$0.zoneSlots.isEmpty }
        for (index, service) in published.state.services.enumerated() {
            let image = try Image(reading: Memory(bytes), slotsOf: service.name)
            for (other, state) in image.published.state.services.enumerated() {
                let slots = published.state.services[other].slots
                let expected = other == index || hasZones ? slots : ServiceSlots(drainEnd: slots.drainEnd)
                #expect(state.slots == expected, "seed \(seed)")
            }
            // The slots of services behind this one move.
            var (whole, partly) = (published, image.published)
            let size = service.slots.current.count + 99
            let slots = ServiceSlots(current: [UInt16](repeating: 0, count: size))
            whole.state.services[index].slots = slots
            partly.state.services[index].slots = slots
            #expect(try Image.compile(partly, reusing: image).bytes == Image.compile(whole).bytes, "seed \(seed)")
        }
    }

    @Test func theManifestAloneIsTheSameButForSlots() throws {
        let published = published(seed: 7)
        let bytes = try Image.compile(published).bytes
        let read = try bytes.withUnsafeBytes { try PublishedState(readingManifestOf: $0) }
        var expected = published
        for index in expected.state.services.indices {
            let slots = expected.state.services[index].slots
            expected.state.services[index].slots = ServiceSlots(drainEnd: slots.drainEnd)
            for zone in expected.state.services[index].zoneSlots.indices {
                let slots = expected.state.services[index].zoneSlots[zone].slots
                expected.state.services[index].zoneSlots[zone].slots = ServiceSlots(drainEnd: slots.drainEnd)
            }
        }
        #expect(read == expected)
    }

    private static let policyChanges: [@Sendable (inout State) -> Void] = [
        { $0.ingressDefault = $0.ingressDefault == .allow ? .deny : .allow },
        { $0.echoReply.toggle() },
        { $0.nodeAddresses.append(.v4(IPv4Address(0x7F00_0001))) },
        { if !$0.rules.isEmpty { $0.rules[0].action = $0.rules[0].action == .allow ? .deny : .allow } },
        { if !$0.rules.isEmpty { $0.rules[0].slot = 99 } },
        { if !$0.rules.isEmpty { $0.rules[0].ports = [TrafficMatch(.sctp)] } },
        { if !$0.rules.isEmpty { $0.rules[0].to = [.any, .node] } },
        { if !$0.rules.isEmpty { $0.rules.removeLast() } },
        { if !$0.sets.isEmpty { $0.sets[0].complement.toggle() } },
        { if !$0.services.isEmpty { $0.services[0].vips = [.v4(IPv4Address(0x0102_0304))] } },
        { if !$0.services.isEmpty { $0.services[0].ports = [TrafficMatch(.udp, port: 9)] } },
        { if !$0.services.isEmpty { $0.services[0].ports = [TrafficMatch(.udp, 900...999)] } },
        {
            if !$0.services.isEmpty, let prefix = try? Prefix(parsing: "10.0.0.0/29") {
                $0.services[0].vipPrefixes = [prefix]
            }
        },
        { if !$0.services.isEmpty, !$0.sets.isEmpty { $0.services[0].sources = [$0.sets.count - 1] } },
    ]

    @Test func namesAndPositionsCompileNothingAnew() throws {
        let published = published(seed: 5)
        var renamed = published.state
        for index in renamed.rules.indices {
            renamed.rules[index].name += "-renamed"
            renamed.rules[index].position.line += 10
        }
        #expect(PolicyTables.agree(published.state, renamed))
    }

    @Test func writingOverOldBytesLeavesNoneOfThem() throws {
        let image = try Image.compile(published(seed: 7))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: image.needs.lines * 64 + 128, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0xAA)
        image.write(to: buffer)
        #expect(Array(buffer.prefix(image.needs.lines * 64)) == image.bytes)
        #expect(buffer.suffix(128).allSatisfy { $0 == 0xAA })
    }

    @Test func needsCountFromTheHighestSlots() throws {
        var state = State()
        #expect(
            try Image.compile(PublishedState(state: state)).needs.ruleSlots == 1, "the default's own counter")
        state.rules = [
            RuleState(name: "r", from: nil, to: [.node], slot: 8, position: Position(file: "f"))
        ]
        state.services = [
            ServiceState(
                name: "s", vips: [], ports: [], forward: .ipip, drainTime: 1,
                backends: [BackendState(name: "b", address: .v4(IPv4Address(1)), slot: 20)], slot: 3)
        ]
        let needs = try Image.compile(PublishedState(state: state)).needs
        #expect([needs.ruleSlots, needs.serviceSlots, needs.backendSlots] == [9, 4, 21])
    }

    @Test func contradictionsAreRefused() throws {
        var state = State()
        let rule = RuleState(name: "r", from: nil, to: [.node], slot: 1, position: Position(file: "f"))
        state.rules = [rule, rule]
        #expect(throws: ImageError.self) { try Image.compile(PublishedState(state: state)) }
        state.rules = []
        let service = ServiceState(
            name: "s", vips: [.v4(IPv4Address(1))], ports: [TrafficMatch(.tcp, port: 1)], forward: .ipip,
            drainTime: 1, backends: [], slot: 0)
        state.services = [service, service]
        #expect(throws: ImageError.self) { try Image.compile(PublishedState(state: state)) }
    }

    /// Planes whose verdicts agree have the same subject, so that the data path need not ask for a route.
    @Test func equalVerdictsAreOneSubject() throws {
        var state = State()
        state.sets = [AddressSet(parts: [.init(prefixes: [Prefix(.v4(IPv4Address(9)))])])]
        func rule(_ name: String, _ to: [RuleState.Destination], _ ports: [TrafficMatch]?, slot: UInt32) -> RuleState {
            RuleState(name: name, from: [0], to: to, ports: ports, slot: slot, position: Position(file: "f"))
        }
        state.rules = [
            rule("both", [.any], [TrafficMatch(.tcp, port: 1)], slot: 1),
            rule("node", [.node], [TrafficMatch(.tcp, port: 2)], slot: 2),
        ]
        let image = try Image.compile(PublishedState(state: state))
        for (port, same) in [(1, true), (2, false), (3, true)] as [(UInt16, Bool)] {
            let portClass = image.portClass(.tcp, port)
            let subjects = Image.Plane.allCases.map { image.subject($0, destinationClass: 0, portClass: portClass) }
            #expect((subjects[0] == subjects[1]) == same, "port \(port)")
        }
    }
}
