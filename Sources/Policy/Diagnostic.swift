/// One thing that is wrong, or looks wrong, at one place of a file.
public struct Diagnostic: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable { case error, warning }

    public var position: Position
    public var severity: Severity
    /// What is wrong: lower case, no full stop.
    public var what: String
    /// What to do about it.
    public var hint: String?

    public init(_ severity: Severity, at position: Position, _ what: String, hint: String? = nil) {
        self.position = position
        self.severity = severity
        self.what = what
        self.hint = hint
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `FILE:LINE:COL: error: what: hint`
    public var description: String {
        "\(position): \(severity.rawValue): \(what)" + (hint.map { ": \($0)" } ?? "")
    }
}

/// Every error found in one run, and the warnings between them, in the order of the files and of their text.
public struct InvalidDocument: Error, Sendable {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}
