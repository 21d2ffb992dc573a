internal import ArgumentParser
import Dataplane

struct PolicyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Show policies with what they decided.", subcommands: [List.self, Show.self])

    struct List: Command {
        static let configuration = CommandConfiguration(
            abstract: "List policies with packets and bytes, in order of precedence.")

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(
                PolicyReport(running.state, try running.dataplane.counters()), json: output.json)
        }
    }

    struct Show: Command {
        static let configuration = CommandConfiguration(abstract: "Show one policy: who, where to, and its traffic.")

        @Argument(help: "The policy's name, or 'default'.") var name: String
        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(
                try PolicyReport(
                    showing: name, of: running.document(), running.state, running.dataplane.counters()),
                json: output.json)
        }
    }
}
