/// What the argument parser knows of the commands: the part of its `--experimental-dump-help` that a manual needs.
struct HelpTree: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool
        var arguments: [Argument]?
        var subcommands: [Command]?

        /// Those that do something themselves, each with the names that lead to it.
        func leaves(below path: [String] = []) -> [(path: [String], command: Command)] {
            let path = path + [commandName]
            let visible = (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
            return visible.isEmpty ? [(path, self)] : visible.flatMap { $0.leaves(below: path) }
        }
    }

    struct Argument: Decodable {
        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable {
            enum Kind: String, Decodable { case long, short, longWithSingleDash }

            var kind: Kind
            var name: String

            var dashed: String { (kind == .long ? "--" : "-") + name }
        }

        var kind: Kind
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?

        /// One that many commands share and the manual describes once.
        var isCommon: Bool { ["instance", "verbose", "json"].contains(names?.last?.name) }

        /// Not the parser's, which every command has, and not common.
        var isOwn: Bool { shouldDisplay && !isCommon && !["help", "version"].contains(names?.last?.name) }
    }

    var command: Command
}
