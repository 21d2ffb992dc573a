internal import ArgumentParser
import Dataplane

struct Down: Command {
    static let configuration = CommandConfiguration(
        abstract: "Detach and remove everything of this instance.",
        discussion: "Packets then pass as if Sluice had never been. Where nothing runs, there is nothing to do.")

    @OptionGroup var instance: InstanceOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let lock = try InstanceLock(instance.instance)
        let removed = try Dataplane.down(instance.instance, under: lock)
        environment.note(removed ? "removed instance \(instance.instance)" : "nothing runs as \(instance.instance)")
    }
}
