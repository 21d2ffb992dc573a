internal import Dataplane

/// Everything a command may see of the process it runs in, so that tests can run commands in theirs.
public struct Environment {
    /// As `environ` has them.
    public var variables: [String: String]
    public var outputIsTerminal: Bool
    public var errorIsTerminal: Bool
    /// Takes what goes to standard output: data, and nothing but data.
    public var output: (String) -> Void
    /// Takes what goes to standard error: warnings, errors, progress.
    public var error: (String) -> Void

    public init(
        variables: [String: String], outputIsTerminal: Bool, errorIsTerminal: Bool,
        output: @escaping (String) -> Void, error: @escaping (String) -> Void
    ) {
        self.variables = variables
        self.outputIsTerminal = outputIsTerminal
        self.errorIsTerminal = errorIsTerminal
        self.output = output
        self.error = error
    }

    /// Colour only on a terminal that can show it, and never against the operator's wish (no-color.org).
    private var wantsColour: Bool {
        variables["NO_COLOR", default: ""].isEmpty && variables["TERM"] != "dumb"
    }

    var outputStyle: Style { Style(colour: outputIsTerminal && wantsColour) }
    var errorStyle: Style { Style(colour: errorIsTerminal && wantsColour) }
}

extension Environment {
    func warn(_ text: String) { error(errorStyle.paint("warning: ", .yellow) + text + "\n") }

    func note(_ text: String) { error(text + "\n") }

    /// Renders in one place: the one document of `--json`, or what people read.
    func show(_ report: some Report, json: Bool) {
        output(json ? report.json.document + "\n" : report.text(outputStyle))
    }

    /// One of many that come as time goes by: a line each.
    func stream(_ report: some Report, json: Bool) {
        output(json ? report.json.line + "\n" : report.text(outputStyle))
    }

    /// Tests that a refusal is about, each as `FILE:LINE:COL: error: …`.
    func fail(_ tests: [TestReport.Outcome]) {
        let label = errorStyle.paint("error:", .red)
        for test in tests { error("\(test.position): \(label) test failed: \(test.sentence)\n") }
    }

    /// What a publish did beyond swapping the tables.
    func note(_ publication: PublicationReport) {
        for warning in publication.warnings { warn(warning) }
        if let reason = publication.reloaded { note("programs replaced: \(reason)") }
        if !publication.attached.isEmpty { note("attached: \(publication.attached.list)") }
        if !publication.detached.isEmpty { note("detached: \(publication.detached.list)") }
    }
}
