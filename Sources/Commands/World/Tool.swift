internal import ArgumentParser
internal import Dataplane
import Glibc
internal import Plan
internal import Policy

/// The command-line tool as a function.
public enum Tool {
    /// Runs with the process's arguments, streams and variables.
    public static func main() -> Never {
        exit(run(Array(CommandLine.arguments.dropFirst()), in: .process()).rawValue)
    }

    /// Runs one command to its end.
    ///
    /// - Parameter arguments: Without the program's name.
    public static func run(_ arguments: [String], in environment: Environment) -> ExitStatus {
        var verbose = false
        do {
            var parsed = try Sluice.parseAsRoot(arguments)
            guard let command = parsed as? any Command else {
                let type = type(of: parsed)
                guard type.configuration.subcommands.isEmpty else { return environment.ask(for: type) }
                // The parser's own `help`.
                try parsed.run()
                return .done
            }
            verbose = command.isVerbose
            try command.run(in: environment)
            return .done
        } catch {
            return environment.report(error, verbose: verbose)
        }
    }
}

/// Fixed, so that help reads alike everywhere; manual pages wrap at the same width.
private let helpColumns = 80

extension Environment {
    /// A command that only holds others was named alone: wrong usage, since scripts must not take help for success.
    func ask(for group: any ParsableCommand.Type) -> ExitStatus {
        error(Sluice.helpMessage(for: group, columns: helpColumns) + "\n")
        return .usage
    }

    /// Tells people what went wrong, in one place and one form.
    func report(_ error: any Error, verbose: Bool) -> ExitStatus {
        switch error {
        case let failure as Failure:
            if !failure.message.isEmpty { complain(failure.message) }
            return failure.status
        case let invalid as InvalidDocument:
            show(invalid.diagnostics)
            return .failed
        case let unfit as PlanError:
            show(unfit.diagnostics)
            return .failed
        case let error as DataplaneError:
            if verbose, let log = error.log { note(log) }
            complain("\(error)")
            return .failed
        default:
            return reportUsage(error)
        }
    }

    func complain(_ text: String) { error(errorStyle.paint("error: ", .red) + text + "\n") }

    /// `FILE:LINE:COL: warning: …`, a line each.
    func show(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { error("\(diagnostic)\n") }
    }

    /// Help is data when it was asked for; everything else that the parser has to say is about wrong usage.
    private func reportUsage(_ error: any Error) -> ExitStatus {
        let text = Sluice.fullMessage(for: error, columns: helpColumns) + "\n"
        switch Sluice.exitCode(for: error) {
        case .success:
            output(text)
            return .done
        case .validationFailure:
            self.error(text)
            return .usage
        default:
            complain(Sluice.message(for: error))
            return .failed
        }
    }
}
