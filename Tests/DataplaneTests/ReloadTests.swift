import BPF
import TestSupport
import Testing

@testable import Dataplane

/// Larger than the room of a first publication.
private let outgrown = 80_000

@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct ReloadTests {
    @Test func countsFlowsAndLinksAreCarriedOver() throws {
        try withStage { stage throws in
            let (old, _) = try stage.apply(stage.publication(on: [0]))
            for _ in 0..<4 { _ = try old.run(datagram, interfaceIndex: stage.indices[0]) }
            let flows = try old.flows().count
            let before = try old.status()
            let link = try Link(pinnedAt: "\(stage.attachments.directory)/left/ingress").information().id

            let (new, report) = try stage.apply(stage.publication(on: [0, 1], padding: outgrown))
            #expect(report.reloaded == "the tables outgrew their room")
            #expect(report.attached == [Stage.names[1]])
            let after = try new.status()
            #expect(after.program.id != before.program.id)
            #expect(after.imageCapacity > before.imageCapacity)
            #expect(try stage.running() == [after.program.id, after.program.id])
            #expect(try Link(pinnedAt: "\(stage.attachments.directory)/left/ingress").information().id == link)
            #expect(try new.counters().rule(5, interface: 1) == Tally(packets: 4, bytes: 240))
            #expect(try new.flows().count == flows)
            #expect(flows == 1)
            #expect(try stage.directories() == [stage.instance.name])

            // And once more, so that what was carried is carried again.
            _ = try new.run(datagram, interfaceIndex: stage.indices[0])
            let needs = SlotNeeds(interfaces: 3, rules: 5000, services: 1, backends: 1)
            let (third, _) = try stage.apply(stage.publication(on: [0, 1], padding: outgrown, needs: needs))
            #expect(try third.counters().rule(5, interface: 1).packets == 5)
        }
    }

    @Test func theOldTablesJudgeUntilTheNewOnesAreChecked() throws {
        try withStage { stage throws in
            let (old, _) = try stage.apply(stage.publication())
            let (new, _) = try stage.apply(stage.publication(allows: false, padding: outgrown)) { ask throws in
                #expect(try ask.run(syn, interfaceIndex: stage.indices[0]).action == .drop)
                #expect(try old.run(syn).action == .pass)
            }
            #expect(try new.run(syn).action == .drop)
        }
    }

    /// Where a reload can be cut short, and whether the next command finishes it.
    enum Cut: CaseIterable {
        case built, oneInterfaceTaken, allTaken, linksMoved, exchanged

        var isBegun: Bool { self != .built }
    }

    @Test(arguments: Cut.allCases) func aKilledReloadIsFinishedOrUndone(cut: Cut) throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication(on: [0, 1]))
            for _ in 0..<7 { _ = try dataplane.run(syn) }
            let old = try dataplane.status().program.id
            let new = try leaveReload(of: dataplane, on: stage, at: cut)
            let repaired = try #require(try stage.repaired())
            let expected = cut.isBegun ? new : old
            #expect(try repaired.status().program.id == expected)
            #expect(try stage.running() == [expected, expected])
            #expect(try repaired.counters().rule(5).packets == 7)
            #expect(try repaired.run(syn).action == .pass)
            #expect(try stage.directories() == [stage.instance.name])
            try stage.apply(stage.publication(on: [0], allows: false))
        }
    }

    /// Does what a reload does, as far as `cut`. Returns the new program's id.
    private func leaveReload(of dataplane: Dataplane, on stage: Stage, at cut: Cut) throws -> UInt32 {
        let (instance, old) = (stage.instance, dataplane.set)
        let new = try ProgramSet.load(old.record.capacity, succeeding: old).set
        try new.copyImage(of: old, toHalf: 0)
        try new.pin(in: instance.nextDirectory)
        let id = new[.ingress].value.information.id
        let succession = Succession(instance, from: old, to: new)
        let next = Attachments(of: instance.nextDirectory)
        if cut == .built { return id }
        try #require(try stage.attachments.all().first).update(to: new, as: .filtering)
        if cut == .oneInterfaceTaken { return id }
        try succession.takeInterfaces()
        if cut == .allTaken { return id }
        try CounterTable(new).carry(CounterTable(old).snapshot())
        try BPFFilesystem.move(stage.attachments.directory, to: next.directory)
        if cut == .linksMoved { return id }
        try BPFFilesystem.exchange(instance.nextDirectory, instance.pinDirectory)
        return id
    }
}
