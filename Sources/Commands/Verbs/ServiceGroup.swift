internal import ArgumentParser
import Dataplane
import Plan

struct ServiceGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service", abstract: "Show services and their backends, and split flows among groups of them.",
        subcommands: [List.self, Show.self, Split.self])

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List services with their traffic.")

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(try ServiceReport(running), json: output.json)
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
            environment.show(try ServiceReport(running, only: name), json: output.json)
        }
    }

    struct Split: Command {
        static let configuration = CommandConfiguration(
            abstract: "Change a group's share of new flows, at once.",
            discussion: """
                An override like those of `sluice backend`: `diff` and `status` show it, `apply` keeps it, \
                `apply --reset` drops it. Established connections keep their backend for the service's drain time.
                """)

        @Argument(help: "The service's name.") var service: String
        @Argument(help: "The group's name.") var group: String
        @Argument(help: "0 to 65535, in proportion to the other groups'; 0 takes no new flows.") var weight: UInt16
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            try Override(service: service, backend: group, change: .split(weight)).publish(instance, environment)
        }
    }
}
