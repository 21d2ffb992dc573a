internal import ArgumentParser
import FoundationEssentials

struct Manual: Command {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print the manual page as roff source.", shouldDisplay: false)

    func run(in environment: Environment) throws {
        let help = try JSONDecoder().decode(HelpTree.self, from: Data(Self.dump().utf8))
        environment.output(ManualPage(tree: help, version: Sluice.configuration.version).source)
    }

    /// The parser hands its help out as data only as the answer to an argument.
    private static func dump() -> String {
        do {
            _ = try Sluice.parseAsRoot(["--experimental-dump-help"])
            return ""
        } catch {
            return Sluice.fullMessage(for: error)
        }
    }
}
