import BPF
import DataplaneABI
import Foundation
import TestSupport
import Testing

@testable import Dataplane

/// Programs at the hooks of a control group, which the test makes.
@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct ClientTests {
    /// The group that a publication serves, if any.
    private func publication(_ stage: Stage, _ group: Group?, padding: Int = 0) -> Publication {
        var image = TestImage(interfaces: [(stage.indices[0], 1)])
        image.padding = padding
        image.clients = group == nil ? CLIENTS_NONE : CLIENTS_NODE
        var publication = Publication(
            image: image.bytes, interfaces: [stage.attachment(0)], needs: Stage.needs)
        publication.clients = group.map { ClientGroup($0.name) }
        return publication
    }

    private func withGroups(_ body: (Stage, Group, Group) throws -> Void) throws {
        try withStage { stage throws in
            let first = try Group(stage.instance.name + "-1")
            let second = try Group(stage.instance.name + "-2")
            try body(stage, first, second)
            #expect(try first.programs().isEmpty && second.programs().isEmpty)
        }
    }

    @Test func clientsComeGoAndMove() throws {
        try withGroups { stage, first, second throws in
            let (dataplane, _) = try stage.apply(publication(stage, first))
            let all = Set(dataplane.set.socketPrograms.values.map { $0.value.information.id })
            #expect(all.count == SocketHook.allCases.count)
            #expect(try first.programs() == all)
            #expect(try dataplane.status().servesClients)
            try stage.apply(publication(stage, second))
            #expect(try first.programs().isEmpty)
            #expect(try second.programs() == all)
            try stage.apply(publication(stage, nil))
            #expect(try second.programs().isEmpty)
            #expect(try !dataplane.status().servesClients)
            try stage.apply(publication(stage, first))
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }

    @Test func newProgramsTakeOverTheLinks() throws {
        try withGroups { stage, first, second throws in
            try stage.apply(publication(stage, first))
            let path = try #require(try SocketAttachments(of: stage.instance.pinDirectory).all().first).directory
            let link = try Link(pinnedAt: "\(path)/connect4").information().id
            let (new, report) = try stage.apply(publication(stage, first, padding: 80_000))
            #expect(report.reloaded != nil)
            #expect(try Link(pinnedAt: "\(path)/connect4").information().id == link)
            #expect(try first.programs() == Set(new.set.socketPrograms.values.map { $0.value.information.id }))
            #expect(try stage.directories() == [stage.instance.name])
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }

    @Test func aGroupThatWasMadeAgainIsAttachedAgain() throws {
        try withStage { stage throws in
            var group = try Group(stage.instance.name)
            try stage.apply(publication(stage, group))
            try group.remove()
            // The kernel ends the links some time later.
            let dataplane = try #require(try Dataplane.open(stage.instance))
            for _ in 0..<500 where try dataplane.status().servesClients { usleep(10_000) }
            #expect(try !dataplane.status().servesClients)
            let refusal = #expect(throws: DataplaneError.self) { try stage.apply(publication(stage, group)) }
            #expect("\(try #require(refusal))".contains(group.name))
            group = try Group(stage.instance.name)
            try stage.apply(publication(stage, group))
            #expect(try group.programs().count == SocketHook.allCases.count)
            #expect(try dataplane.status().servesClients)
            #expect(try SocketAttachments(of: stage.instance.pinDirectory).all().count == 1)
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }

    /// A command was killed between attaching and publishing, or between publishing and detaching.
    @Test func whatAKilledCommandLeftFollowsTheTables() throws {
        try withGroups { stage, first, second throws in
            let (dataplane, _) = try stage.apply(publication(stage, nil))
            let attachments = SocketAttachments(of: stage.instance.pinDirectory)
            let group = try ControlGroup(first.name)
            try attachments.point(on: group.id).attach(dataplane.set, to: group)
            #expect(try first.programs().count == SocketHook.allCases.count)
            #expect(try stage.repaired() != nil)
            #expect(try first.programs().isEmpty)

            try stage.apply(publication(stage, second))
            try attachments.point(on: group.id).attach(dataplane.set, to: group)
            #expect(try stage.repaired() != nil)
            try stage.apply(publication(stage, second))
            #expect(try first.programs().isEmpty)
            #expect(try second.programs().count == SocketHook.allCases.count)
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }

    /// Killed when the links were already the successor's, and it had no name yet.
    @Test func aSuccessionIsFinished() throws {
        try withGroups { stage, first, second throws in
            let old = try stage.apply(publication(stage, first)).dataplane.set
            let new = try ProgramSet.load(old.record.capacity, succeeding: old).set
            try new.copyImage(of: old, toHalf: 0)
            try new.pin(in: stage.instance.nextDirectory)
            let succession = Succession(stage.instance, from: old, to: new)
            try succession.takeInterfaces()
            try BPFFilesystem.move(
                "\(stage.instance.pinDirectory)/socket", to: "\(stage.instance.nextDirectory)/socket")
            let repaired = try #require(try stage.repaired())
            #expect(repaired.set.record.halfLines == new.record.halfLines)
            #expect(try first.programs() == Set(new.socketPrograms.values.map { $0.value.information.id }))
            #expect(try repaired.status().servesClients)
            #expect(try stage.directories() == [stage.instance.name])
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }

    /// What an earlier version pinned has neither programs nor maps for this.
    @Test func anEarlierVersionIsReplaced() throws {
        try withGroups { stage, first, second throws in
            try stage.apply(publication(stage, nil))
            for hook in SocketHook.allCases {
                try BPFFilesystem.unpin("\(stage.instance.pinDirectory)/prog/\(hook.rawValue)")
            }
            for map in ProgramSet.MapName.later {
                try BPFFilesystem.unpin("\(stage.instance.pinDirectory)/map/\(map.rawValue)")
            }
            #expect(try #require(try stage.repaired()).maps().count > 8)
            let (_, report) = try stage.apply(publication(stage, first, padding: 80_000))
            #expect(report.warnings.isEmpty)
            #expect(try first.programs().count == SocketHook.allCases.count)
            #expect(try Dataplane.down(stage.instance, under: InstanceLock(stage.instance)))
        }
    }
}

/// A control group without processes, as long as the value lives.
private final class Group {
    /// As in `/proc/PID/cgroup`.
    let name: String
    private let path: String
    private var isRemoved = false

    init(_ name: String) throws {
        self.name = "/" + name
        path = try ControlGroup("/").path + self.name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { if !isRemoved { rmdir(path) } }

    func remove() throws {
        try #require(rmdir(path) == 0)
        isRemoved = true
    }

    /// Numbers of the programs that are attached.
    func programs() throws -> Set<UInt32> {
        Set(
            try run("bpftool", "cgroup", "show", path).split(separator: "\n").compactMap { line in
                line.split(separator: " ").first.flatMap { UInt32($0) }
            })
    }
}
