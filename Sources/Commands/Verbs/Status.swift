internal import ArgumentParser
import Dataplane

struct Status: Command {
    static let configuration = CommandConfiguration(
        abstract: "Show what runs: interfaces, program, services up, packets by what became of them.")

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let running = try Running(instance)
        let report = StatusReport(
            running.published, try running.dataplane.status(), try running.dataplane.counters(),
            instance: instance.instance)
        environment.show(report, json: output.json)
    }
}
