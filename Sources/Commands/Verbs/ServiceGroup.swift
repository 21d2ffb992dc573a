internal import ArgumentParser
import Dataplane

struct ServiceGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service", abstract: "Show services and their backends.", subcommands: [List.self, Show.self])

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List services with their traffic.")

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(
                try ServiceReport(running.state, try running.dataplane.counters(), try running.dataplane.loads()),
                json: output.json)
        }
    }

    struct Show: Command {
        static let configuration = CommandConfiguration(abstract: "Show one service with its backends.")

        @Argument(help: "The service's name.") var name: String
        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(
                try ServiceReport(
                    running.state, try running.dataplane.counters(), try running.dataplane.loads(), only: name),
                json: output.json)
        }
    }
}
