internal import ArgumentParser
import Net
import Node
import Plan

struct BackendGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backend", abstract: "Change a service's backends by hand, at once.",
        discussion: """
            Such changes are overrides: `diff` and `status` show them, `apply` keeps them, `apply --reset` drops them. \
            Established connections keep their backend for the service's drain time, unless it is removed.
            """,
        subcommands: [Add.self, Remove.self, Drain.self, Undrain.self, Weight.self])

    struct Add: Command {
        static let configuration = CommandConfiguration(abstract: "Add a backend to a service.")

        @OptionGroup var backend: BackendArguments
        @Argument(help: "An IPv4 or IPv6 address.", transform: parseAddress) var address: IPAddress
        @Option(help: "Its share of new flows, 0 to 65535.") var weight: UInt16 = 1
        @Option(help: "One of the service's groups, where it has any.") var group: String?
        @Option(help: "The zone whose clients are preferably sent here.") var zone: String?
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            try backend.change(.add(address: address, weight: weight, group: group, zone: zone), instance, environment)
        }
    }

    struct Remove: Command {
        static let configuration = CommandConfiguration(
            abstract: "Remove a backend; its connections are given to others at once.")

        @OptionGroup var backend: BackendArguments
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws { try backend.change(.remove, instance, environment) }
    }

    struct Drain: Command {
        static let configuration = CommandConfiguration(
            abstract: "Give a backend no new flows; those that it has stay.",
            discussion: """
                They stay until the service's drain time is over, or for as long as `--for` says; from then on nothing \
                goes there. `sluice service show` tells how many are left.
                """)

        @OptionGroup var backend: BackendArguments
        @Option(
            name: .customLong("for"), help: "How long, as 90s, 10m or 1h30m.", transform: parseDuration)
        var seconds: Int?
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let change = seconds.map {
                Override.Change.drainFor(seconds: $0, end: NodeFacts.monotonicSeconds() + UInt64($0))
            }
            try backend.change(change ?? .drain, instance, environment)
        }
    }

    struct Undrain: Command {
        static let configuration = CommandConfiguration(abstract: "Give a drained backend new flows again.")

        @OptionGroup var backend: BackendArguments
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws { try backend.change(.undrain, instance, environment) }
    }

    struct Weight: Command {
        static let configuration = CommandConfiguration(abstract: "Change a backend's share of new flows.")

        @OptionGroup var backend: BackendArguments
        @Argument(help: "0 to 65535, in proportion to the other backends'; 0 is as good as drained.")
        var weight: UInt16
        @OptionGroup var instance: InstanceOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws { try backend.change(.weight(weight), instance, environment) }
    }
}

struct BackendArguments: ParsableArguments {
    @Argument(help: "The service's name.") var service: String
    @Argument(help: "The backend's name.") var name: String

    /// Publishes what is published with one override more.
    func change(_ change: Override.Change, _ options: InstanceOptions, _ environment: Environment) throws {
        try Override(service: service, backend: name, change: change).publish(options, environment)
    }
}

extension Override {
    /// Publishes what is published with this override more.
    func publish(_ options: InstanceOptions, _ environment: Environment) throws {
        let publisher = try Publisher(options.instance, changingOnly: change.keepsBackends ? service : nil)
        guard let previous = publisher.previous else { throw Failure.nothingRuns(options.instance) }
        environment.note(try publisher.publish(try Candidate(self, after: previous)))
    }
}

extension Override.Change {
    /// Sizes of tables follow the number of backends.
    fileprivate var keepsBackends: Bool {
        switch self {
        case .add, .remove: false
        case .drain, .drainFor, .undrain, .weight, .split: true
        }
    }
}
