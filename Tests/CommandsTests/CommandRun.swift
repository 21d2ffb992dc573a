import Commands

/// What a command did, run in this process.
struct CommandRun {
    var status: ExitStatus
    var output: String
    var error: String

    init(_ arguments: [String], variables: [String: String] = [:], onTerminal: Bool = false) {
        var (output, error) = ("", "")
        status = Tool.run(
            arguments,
            in: Environment(
                variables: variables, outputIsTerminal: onTerminal, errorIsTerminal: onTerminal,
                output: { output += $0 }, error: { error += $0 }))
        self.output = output
        self.error = error
    }

    /// Everything that the shell would see, for golden files.
    func transcript(_ arguments: [String]) -> String {
        "$ sluice \(arguments.joined(separator: " "))\n" + output
            + (error.isEmpty ? "" : "--- standard error\n" + error) + "--- exit \(status.rawValue)\n"
    }
}
