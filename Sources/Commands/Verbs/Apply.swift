internal import ArgumentParser
import Image
import Plan
import Policy

struct Apply: Command {
    static let configuration = CommandConfiguration(
        abstract: "Publish files as one transaction; load and attach if need be.",
        discussion: """
            The files' tests are asked of the new tables, in the kernel, before these take effect. Any failure leaves \
            what runs as it was. Changes made with `sluice backend` stay in force unless --reset is given.
            """)

    @Flag(help: "Drop what `sluice backend` changed: the files alone count.")
    var reset = false

    @OptionGroup var files: FileArguments
    @OptionGroup var instance: InstanceOptions

    var isVerbose: Bool { instance.verbose }

    func run(in environment: Environment) throws {
        let input = try Input(files, environment)
        let publisher = try Publisher(instance.instance)
        if !reset, let overrides = publisher.previous?.overrides {
            for dropped in SettledOverrides(overrides, over: input.document).dropped {
                environment.warn("override dropped: \(dropped)")
            }
        }
        let candidate = try Candidate(input, after: publisher.previous, reset: reset)
        environment.warnIfCut(by: candidate.state)
        let changes = diff(from: publisher.previous?.state, to: candidate.state)
        let report = try publisher.publish(candidate) { runner in
            let failures = try Examination(runner, candidate.state).report(on: input.document.tests).failures
            guard failures.isEmpty else {
                environment.fail(failures)
                throw Failure("refused: \(failures.count) of \(input.document.tests.count) tests failed")
            }
        }
        environment.note(report)
        for override in candidate.overrides { environment.note("override kept: \(override)") }
        environment.note(changes.isEmpty ? "published: nothing changed" : "published: \(changes.count) changes")
    }
}
