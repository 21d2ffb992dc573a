internal import ArgumentParser
import Dataplane

struct FlowGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Show what is remembered of flows.", subcommands: [List.self])

    struct List: Command {
        static let configuration = CommandConfiguration(
            abstract: "List remembered flows.",
            discussion: """
                Remembered are the flows that this node opened (their replies pass), datagram flows that were let in, \
                and flows and clients that keep a backend: connections that began while a service's backends were \
                changing, datagrams to services, and all flows of services with an affinity or a scheduler other than \
                maglev. Other connections need no memory.
                """)

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(FlowReport(try running.dataplane.flows(), in: running.state), json: output.json)
        }
    }
}
