internal import ArgumentParser

struct Sluice: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Filter packets and balance load in front of the kernel's network stack.",
        discussion: """
            One file says who may talk to whom and which services are shared among which backends. `sluice apply` \
            compiles it and publishes it as one transaction; what it refuses changes nothing. Everything lives in the \
            kernel: no process has to stay for packets to flow.
            """,
        version: "sluice 0.1.0",
        subcommands: [Manual.self],
        groupedSubcommands: [
            CommandGroup(name: "Publishing", subcommands: [Apply.self, BackendGroup.self, Down.self]),
            CommandGroup(name: "Checking", subcommands: [Check.self, Diff.self, Test.self]),
            CommandGroup(
                name: "Inspecting",
                subcommands: [
                    Status.self, ServiceGroup.self, PolicyGroup.self, IdentityGroup.self, FlowGroup.self, Drops.self,
                    Explain.self, MapGroup.self,
                ]),
        ])

    static var _errorLabel: String { "error" }
}

/// A command that does something; those that only hold others are not.
protocol Command: ParsableCommand {
    /// Whether all that was said below goes with an error.
    var isVerbose: Bool { get }
    func run(in environment: Environment) throws
}

extension Command {
    var isVerbose: Bool { false }
}
