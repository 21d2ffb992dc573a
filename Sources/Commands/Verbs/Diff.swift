internal import ArgumentParser
import Dataplane
import Image
import Plan
import Policy

struct Diff: Command {
    static let configuration = CommandConfiguration(
        abstract: "Show what apply would change.",
        discussion: "Exits with 0 where there is nothing to change, 1 where there is something, and 2 on any error.")

    @Flag(help: "Compare as `apply --reset` would.")
    var reset = false

    @OptionGroup var files: FileArguments
    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let report: ChangeReport
        do {
            report = try changes(environment)
        } catch {
            _ = environment.report(error, verbose: instance.verbose)
            throw Failure.silent(.usage)
        }
        environment.show(report, json: output.json)
        if !report.changes.isEmpty { throw Failure.silent(.failed) }
    }

    private func changes(_ environment: Environment) throws -> ChangeReport {
        let input = try Input(files, environment)
        let published = try Dataplane.open(instance.instance)?.image().published
        let candidate = try Candidate(input, after: published, reset: reset)
        return ChangeReport(
            changes: diff(from: published?.state, to: candidate.state),
            overrides: candidate.overrides.map(\.description))
    }
}
