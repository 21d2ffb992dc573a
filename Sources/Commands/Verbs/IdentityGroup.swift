internal import ArgumentParser
import Net
import Policy

struct IdentityGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Show identities, and whose an address is.",
        subcommands: [List.self, Lookup.self])

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List identities with their prefixes and labels.")

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            environment.show(IdentityReport(identities: try running.document().identities), json: output.json)
        }
    }

    struct Lookup: Command {
        static let configuration = CommandConfiguration(abstract: "Name the identities that hold an address.")

        @Argument(help: "An IPv4 or IPv6 address.", transform: parseAddress) var address: IPAddress
        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            environment.show(LookupReport(address, in: try Running(instance).state), json: output.json)
        }
    }
}
