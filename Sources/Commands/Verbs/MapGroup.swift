internal import ArgumentParser
import Dataplane
import Image

struct MapGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Show what the kernel holds, decoded.", subcommands: [List.self, Dump.self])

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List the tables with their sizes.")

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let running = try Running(instance)
            let kernel = try running.dataplane.status()
            environment.show(
                MapReport(try running.image(), bytes: kernel.imageBytes, capacity: kernel.imageCapacity),
                json: output.json)
        }
    }

    struct Dump: Command {
        static let configuration = CommandConfiguration(
            abstract: "Print the entries of a table.",
            discussion: """
                Numbers lead from table to table as the data path follows them: `addresses` and `ports` give classes, \
                `frontends` and `destinations` give a subject, and `verdicts` says what a subject holds for a source's \
                class. `explain` walks the same way for one packet.
                """)

        @Argument(
            help: ArgumentHelp(
                "One of " + Image.Table.allCases.map(\.rawValue).list + ".", valueName: "name"),
            completion: .list(Image.Table.allCases.map(\.rawValue)), transform: parseTable)
        var table: Image.Table

        @OptionGroup var instance: InstanceOptions
        @OptionGroup var output: OutputOptions

        var isVerbose: Bool { instance.verbose }

        func run(in environment: Environment) throws {
            let dump = Commands.Dump(image: try Running(instance).image(), table: table)
            dump.write(json: output.json, environment.outputStyle, to: environment.output)
        }
    }
}

private func parseTable(_ name: String) throws -> Image.Table {
    guard let table = Image.Table(rawValue: name) else { throw ValidationError("there is no map '\(name)'") }
    return table
}
