internal import ArgumentParser
import Dataplane
import Policy

struct Test: Command {
    static let configuration = CommandConfiguration(
        abstract: "Ask the kernel what the files' tests expect; without a file, those of what is published.",
        discussion: """
            Files are compiled and loaded beside what runs, asked, and dropped again: what runs does not change. Exits \
            with 1 where an answer differs.
            """)

    @Argument(
        help: ArgumentHelp("Policy files, together one document; '-' is standard input.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var files: [String] = []

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let report = try files.isEmpty ? published() : candidate(environment)
        environment.show(report, json: output.json)
        if !report.failures.isEmpty { throw Failure.silent(.failed) }
    }

    private func published() throws -> TestReport {
        let running = try Running(instance)
        return try Examination(running.dataplane.dryRunner(), running.state).report(on: running.document().tests)
    }

    private func candidate(_ environment: Environment) throws -> TestReport {
        let input = try Input(paths: files, environment)
        let publisher = try Publisher(instance.instance)
        let candidate = try Candidate(input, after: publisher.previous)
        var report: TestReport?
        do {
            _ = try publisher.publish(candidate) { runner in
                report = try Examination(runner, candidate.state).report(on: input.document.tests)
                throw AnswersTaken()
            }
        } catch is AnswersTaken {}
        return report ?? TestReport(outcomes: [])
    }

    /// Ends a publish before it takes effect: the answers are all that was wanted of it.
    private struct AnswersTaken: Error {}
}
