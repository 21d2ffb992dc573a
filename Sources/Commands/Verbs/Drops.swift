internal import ArgumentParser
import Dataplane

struct Drops: Command {
    static let configuration = CommandConfiguration(
        abstract: "Show what was dropped: by reason, interface and rule.",
        discussion: """
            Counters are complete. The single packets that --follow prints are a sample, taken at a bounded rate so \
            that a flood cannot drown the node in reports about itself.
            """)

    @Flag(help: "Print dropped packets as they come, until interrupted; with --json one document to the line.")
    var follow = false

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let running = try Running(instance)
        guard follow else {
            environment.show(DropReport(running.state, try running.dataplane.counters()), json: output.json)
            return
        }
        let events = try running.dataplane.dropEvents()
        while true {
            try events.poll(timeout: .seconds(1)) { event in
                environment.stream(DropEventReport(event, in: running.state), json: output.json)
            }
        }
    }
}
