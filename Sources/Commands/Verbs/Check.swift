internal import ArgumentParser

struct Check: Command {
    static let configuration = CommandConfiguration(
        abstract: "Validate files; touches nothing and needs no root.",
        discussion: """
            Prints every mistake of all files as FILE:LINE:COL: error: what: hint, and what looks like one as a \
            warning. Says nothing where all is well.
            """)

    @OptionGroup var files: FileArguments

    func run(in environment: Environment) throws {
        let input = try Input(files, environment)
        environment.warnIfCut(by: try input.document.rulesAlone())
    }
}
