import BPF
import TestSupport
import Testing

@testable import Dataplane

/// What a command that was killed leaves, and what the next one makes of it.
@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct RecoveryTests {
    @Test func aStartThatWasNotFinishedNeverWas() throws {
        try withStage { stage throws in
            try leaveStart(on: stage)
            #expect(try stage.repaired() == nil)
            #expect(try stage.running() == [nil, nil])
            #expect(try stage.directories().isEmpty)
            try stage.apply(stage.publication())
        }
    }

    @Test func aStartThatHadItsNameIsFinished() throws {
        try withStage { stage throws in
            let set = try leaveStart(on: stage)
            try BPFFilesystem.move(stage.instance.nextDirectory, to: stage.instance.pinDirectory)
            #expect(try stage.running() == [set[.pass].value.information.id, nil])
            #expect(try stage.repaired() != nil)
            #expect(try stage.running() == [set[.ingress].value.information.id, nil])
        }
    }

    /// Returns what ran when it was cut short: everything but the name.
    @discardableResult
    private func leaveStart(on stage: Stage) throws -> ProgramSet {
        let publication = stage.publication()
        let set = try ProgramSet.load(Capacity.fitting(publication, cpus: possibleCPUs())).set
        try set.write(publication, toHalf: 0)
        try set.pin(in: stage.instance.nextDirectory)
        _ = try Attachments(of: stage.instance.nextDirectory).attach(set, to: stage.attachment(0), as: .waiting)
        return set
    }

    /// An update adds one interface and removes another; cut before and after the tables are swapped.
    @Test(arguments: [false, true]) func anUpdatesInterfacesFollowTheTables(swapped: Bool) throws {
        try withStage { stage throws in
            let (dataplane, _) = try stage.apply(stage.publication(on: [0]))
            let set = dataplane.set
            try set.write(stage.publication(on: [1]), toHalf: set.spareHalf)
            _ = try stage.attachments.attach(set, to: stage.attachment(1), as: .waiting)
            if swapped { set.control.publish(set.spareHalf) }
            let filter = set[.ingress].value.information.id
            let repaired = try #require(try stage.repaired())
            #expect(try stage.running() == (swapped ? [nil, filter] : [filter, nil]))
            #expect(repaired.set.control.isSettled)
        }
    }

    @Test func aRemovalIsFinished() throws {
        try withStage { stage throws in
            try stage.apply(stage.publication())
            try BPFFilesystem.move(stage.instance.pinDirectory, to: stage.instance.doomedDirectory)
            #expect(try stage.repaired() == nil)
            #expect(try stage.running() == [nil, nil])
            #expect(try stage.directories().isEmpty)
        }
    }

    @Test func anInterfaceThatWentAwayIsNoObstacle() throws {
        try withStage { stage throws in
            try stage.apply(stage.publication(on: [0, 1]))
            try stage.namespace.ip("link", "delete", Stage.names[0])
            let dataplane = try #require(try stage.repaired())
            #expect(try dataplane.status().interfaces.map(\.name) == [Stage.names[1]])
            try stage.apply(stage.publication(on: [1]))
        }
    }

    @Test func anInterfaceOfTheSameNameIsAttachedAnew() throws {
        try withStage { stage throws in
            try stage.apply(stage.publication(on: [0]))
            try stage.namespace.ip("link", "delete", Stage.names[0])
            let index = try stage.namespace.addPair(Stage.names[0], peer: "peer2", ipv6: false)
            let renewed = Stage(
                namespace: stage.namespace, instance: stage.instance, indices: [index, stage.indices[1]])
            let (_, report) = try renewed.apply(renewed.publication(on: [0]))
            #expect(report.attached == [Stage.names[0]])
            #expect(try renewed.running()[0] != nil)
        }
    }

    @Test func anotherNamespaceIsRefused() throws {
        try withStage { stage throws in
            try stage.apply(stage.publication(on: []))
            try withNamespace { other in
                let error = #expect(throws: DataplaneError.self) {
                    try other.run { try stage.apply(stage.publication(on: [])) }
                }
                #expect(error?.message.contains("another network namespace") == true)
            }
        }
    }
}
