import BPF
import Net
import Policy
import TestSupport
import Testing

@testable import Dataplane

private struct Refusal: Error {}

@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct LifecycleTests {
    @Test func nothingRunsBeforeTheFirstApplyAndAfterDown() throws {
        try withStage { stage throws in
            #expect(try Dataplane.open(stage.instance) == nil)
            #expect(try !Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
            try stage.apply(stage.publication(on: [0, 1]))
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
            #expect(try Dataplane.open(stage.instance) == nil)
            #expect(try stage.running() == [nil, nil])
            #expect(try stage.directories().isEmpty)
        }
    }

    @Test func theFirstApplyAttachesAndFilters() throws {
        try withStage { stage throws in
            let (_, report) = try stage.apply(stage.publication(on: [0, 1]))
            #expect(report.started)
            #expect(report.attached == Stage.names)
            #expect(report.warnings.isEmpty)

            let dataplane = try #require(try Dataplane.open(stage.instance))
            let status = try dataplane.status()
            #expect(status.interfaces.map(\.name).sorted() == Stage.names)
            #expect(status.interfaces.allSatisfy { $0.mode == .native })
            #expect(status.isCurrentVersion)
            #expect(status.program.name == "sluice_ingress")
            #expect(try stage.running() == [status.program.id, status.program.id])
            #expect(try dataplane.withImage { $0.count } == status.imageBytes)
        }
    }

    @Test func aHalfIsNotWrittenBeforeItsPacketsAreGone() throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication())
            let control = dataplane.set.control
            #expect(control.isSettled)
            for generation: UInt32 in [1, 0, 1] {
                var wasSettled = false
                try stage.apply(stage.publication()) { _ in wasSettled = control.isSettled }
                #expect(wasSettled)
                #expect(control.generation == generation)
                // Nobody waits for packets after the flip: the next publish does, before it writes.
                #expect(!control.isSettled)
            }
            try #require(try stage.repaired()).set.settle()
            #expect(control.isSettled)
        }
    }

    @Test func packetsAreJudgedCountedAndReported() throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication(on: [0, 1], allows: false))
            for _ in 0..<3 {
                #expect(try dataplane.run(syn, interfaceIndex: stage.indices[1]).action == .drop)
            }
            let counters = try dataplane.counters()
            let drops = Outcome.all.filter { $0.action == .drop && counters.outcome($0).packets > 0 }
            #expect(drops.map(\.name) == ["policy"])
            #expect(counters.outcome(drops[0], interface: 2) == Tally(packets: 3, bytes: 180))
            #expect(counters.rule(5, interface: 2) == Tally(packets: 3, bytes: 180))
            #expect(counters.rule(5) == counters.rule(5, interface: 2))

            var events: [DropEvent] = []
            try dataplane.dropEvents().poll(timeout: .seconds(1)) { events.append($0) }
            let event = try #require(events.first)
            #expect(events.count == 3)
            #expect(event.source?.description == "198.51.100.1")
            #expect(event.destinationPort == 80)
            #expect(event.outcome.name == "policy")
            #expect(event.ruleSlot == 5)
            #expect(event.interfaceIndex == stage.indices[1])
        }
    }

    @Test func aDryRunAnswersAndLeavesNoTrace() throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication())
            let runner = try dataplane.dryRunner()
            let answer = try runner.run(syn, interfaceIndex: stage.indices[0])
            #expect(answer.action == .pass)
            #expect(answer.outcome.name == "allowed")
            #expect(answer.trace.flags.contains(.policy))
            #expect(answer.packet == syn)
            _ = try runner.run(datagram, interfaceIndex: stage.indices[0])
            #expect(try dataplane.flows().isEmpty)
            let counters = try dataplane.counters()
            #expect(Outcome.all.allSatisfy { counters.outcome($0) == Tally() })
        }
    }

    @Test func anUpdateSwapsTheTablesAndKeepsTheCounts() throws {
        try withStage { stage throws in
            let (first, _) = try stage.apply(stage.publication())
            _ = try first.run(syn)
            let before = try first.status()
            var fresh = FreshSlots()
            let (second, report) = try stage.apply(stage.publication(allows: false)) { ask throws in
                // The tables under examination answer, while the published ones judge.
                #expect(try ask.run(syn, interfaceIndex: stage.indices[0]).action == .drop)
                #expect(try first.run(syn).action == .pass)
            }
            #expect(!report.started && report.reloaded == nil)
            #expect(report.attached.isEmpty && report.detached.isEmpty)
            #expect(try second.run(syn).action == .drop)
            #expect(try second.counters().rule(5).packets == 3)
            let after = try second.status()
            #expect(after.generation != before.generation)
            #expect(after.program.id == before.program.id)

            fresh.rules = [5]
            try stage.apply(stage.publication(fresh: fresh))
            #expect(try second.counters().rule(5).packets == 0)
        }
    }

    @Test func interfacesComeAndGo() throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication(on: [0]))
            let program = try dataplane.status().program.id
            let (_, second) = try stage.apply(stage.publication(on: [1]))
            #expect(second.attached == [Stage.names[1]])
            #expect(second.detached == [Stage.names[0]])
            #expect(try stage.running() == [nil, program])
            let (_, third) = try stage.apply(stage.publication(on: []))
            #expect(third.detached == [Stage.names[1]])
            #expect(try stage.running() == [nil, nil])
            #expect(try Dataplane.open(stage.instance) != nil)
        }
    }

    @Test func aRefusedCheckLeavesEverything() throws {
        try withStage { stage throws in
            #expect(throws: Refusal.self) { try stage.apply(stage.publication()) { _ in throw Refusal() } }
            #expect(try stage.directories().isEmpty)
            #expect(try stage.running() == [nil, nil])

            let (dataplane, _) = try stage.apply(stage.publication(on: [0]))
            let before = try dataplane.status()
            for padding in [0, 70_000] {
                let refused = stage.publication(on: [1], allows: false, padding: padding)
                #expect(throws: Refusal.self) { try stage.apply(refused) { _ in throw Refusal() } }
                let after = try #require(try stage.repaired()?.status())
                #expect(after.generation == before.generation)
                #expect(try stage.running() == [before.program.id, nil])
                #expect(try dataplane.run(syn).action == .pass)
                #expect(try stage.directories() == [stage.instance.name])
            }
        }
    }

    @Test func foreignProgramsAreLeftAlone() throws {
        try withStage { stage throws in
            let foreign = try ProgramSet.load(Capacity.fitting(stage.publication(), cpus: possibleCPUs())).set
            let link = try Link.attachXDP(
                foreign[.pass].value, interfaceIndex: stage.indices[1], mode: .native)
            let error = #expect(throws: DataplaneError.self) { try stage.apply(stage.publication(on: [0, 1])) }
            #expect(error?.kind == .foreign)
            let id = try link.information().programID
            #expect(
                error?.message == "interface right.7 already runs XDP program \(id) (sluice_pass), which is not ours")
            #expect(try stage.running() == [nil, id])
            #expect(try stage.directories().isEmpty)
        }
    }

    @Test func missingInterfacesAndChangedModesAreRefused() throws {
        try withStage { stage throws in
            var publication = stage.publication()
            publication.interfaces = [Attachment(name: "nowhere0", index: 99)]
            let missing = #expect(throws: DataplaneError.self) { try stage.apply(publication) }
            #expect(missing?.message == "there is no interface nowhere0")

            publication.interfaces = [Attachment(name: Stage.names[0], index: stage.indices[0], mode: .generic)]
            let (dataplane, _) = try stage.apply(publication)
            #expect(try dataplane.status().interfaces.map(\.mode) == [.generic])
            publication.interfaces[0].mode = .native
            #expect(throws: DataplaneError.self) { try stage.apply(publication) }
            publication.interfaces[0].mode = .auto
            try stage.apply(publication)
        }
    }

    @Test func interfacesWithoutADriverForItRunGeneric() throws {
        try withStage { stage throws in
            var publication = stage.publication()
            publication.interfaces = [Attachment(name: "lo", index: 1)]
            let (dataplane, report) = try stage.apply(publication)
            #expect(report.warnings.count == 1 && report.warnings[0].hasPrefix("interface lo: "))
            #expect(try dataplane.status().interfaces.map(\.mode) == [.generic])
        }
    }

    @Test func bytesThatAreNoImageAreRefused() throws {
        try withStage { stage throws in
            let rubbish = Publication(
                image: [UInt8](repeating: 1, count: 640), interfaces: [], needs: Stage.needs)
            #expect(throws: DataplaneError.self) { try stage.apply(rubbish) }
            #expect(try stage.directories().isEmpty)
        }
    }

    @Test func foreignPinDirectoriesAreNamedAndRemovable() throws {
        try withStage { stage throws in
            try BPFFilesystem.makeDirectory("\(stage.instance.pinDirectory)/map")
            let error = #expect(throws: DataplaneError.self) { try stage.apply(stage.publication()) }
            #expect(error?.kind == .damaged)
            #expect(error?.hint?.contains("sluice down") == true)
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
            try stage.apply(stage.publication())
        }
    }

    @Test func removedPinsAreNoticed() throws {
        try withStage { stage throws in
            try stage.apply(stage.publication())
            try BPFFilesystem.unpin("\(stage.instance.pinDirectory)/map/arena")
            #expect(throws: DataplaneError.self) { _ = try Dataplane.open(stage.instance) }
            #expect(try stage.running()[0] != nil)
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
            #expect(try stage.running() == [nil, nil])
        }
    }

    @Test func thePinnedProgramsStandAlone() throws {
        try withStage { stage throws in
            func start() throws { try stage.apply(stage.publication(allows: false)) }
            try start()
            // No handle of ours is left: whatever the kernel drops then must not be needed.
            let dataplane = try #require(try Dataplane.open(stage.instance))
            #expect(try dataplane.run(syn).action == .drop)
            #expect(try dataplane.counters().rule(5).packets == 1)
            #expect(try dataplane.dryRunner().run(syn, interfaceIndex: 1).outcome.name == "policy")
        }
    }
}
