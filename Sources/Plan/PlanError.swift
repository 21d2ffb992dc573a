public import Policy

/// Why a valid document cannot be carried out on this node: everything found in one run, interfaces first, then in the
/// order of the text.
public struct PlanError: Error, Hashable, Sendable {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}

extension PlanError: CustomStringConvertible {
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Why one change from the command line cannot be made. It has no place in a file.
public struct OverrideError: Error, Hashable, Sendable {
    /// What is wrong: lower case, no full stop.
    public var what: String
    /// What to do about it.
    public var hint: String?

    public init(_ what: String, hint: String? = nil) {
        self.what = what
        self.hint = hint
    }
}

extension OverrideError: CustomStringConvertible {
    public var description: String { what + (hint.map { ": \($0)" } ?? "") }
}

/// What the tables have room for.
public enum Limit {
    /// Slot 0 stands for all other interfaces.
    public static let interfaces = 63
    /// A Maglev slot has 15 bits for the backend's index, and one value means none.
    public static let backendsPerService = 32_767
}
