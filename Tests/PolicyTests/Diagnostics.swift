import Testing

@testable import Policy

/// What a user sees for the texts, each a file: every line of every diagnostic. The files are named `f`, `f2`, ….
func diagnostics(_ texts: String...) -> [String] {
    let files = texts.enumerated().map { SourceFile(name: $0 == 0 ? "f" : "f\($0 + 1)", text: $1) }
    do {
        return try parse(files).warnings.map(\.description)
    } catch {
        return error.diagnostics.map(\.description)
    }
}

/// A text with all that must be said about it.
struct Case: CustomTestStringConvertible, Sendable {
    let text: String
    let expected: [String]

    init(_ text: String, _ expected: String...) {
        self.text = text
        self.expected = expected
    }

    /// The section starts in line 2, after the version.
    static func section(_ text: String, _ expected: String...) -> Case {
        Case(text: "version: 1\n" + text, expected: expected)
    }

    init(text: String, expected: [String]) {
        self.text = text
        self.expected = expected
    }

    var testDescription: String { text.debugDescription }
}
