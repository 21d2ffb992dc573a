internal import Yams

/// Why a file cannot be read at all, in the words of this program rather than the library's.
struct SyntaxError: Error {
    var diagnostic: Diagnostic

    init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }

    static func tooLarge(_ file: String, _ position: Position? = nil) -> SyntaxError {
        SyntaxError(
            Diagnostic(
                .error, at: position ?? Position(file: file),
                "the file has more than a million values, aliases expanded", hint: "split it, or use fewer aliases"))
    }

    static func tooDeep(_ position: Position) -> SyntaxError {
        SyntaxError(Diagnostic(.error, at: position, "lists and mappings are nested too deeply"))
    }

    /// Where only the place of the first is known.
    static func duplicateKey(_ key: String, _ position: Position) -> SyntaxError {
        SyntaxError(
            Diagnostic(.error, at: position, "the key \(quoted(key)) is in this mapping more than once"))
    }

    init(_ error: YamlError, in file: SourceFile) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self = Self.translate(problem, at: mark, context?.mark, in: file)
        case .reader:
            self = Self.forbiddenCharacter(in: file)
        default:
            self.init(Diagnostic(.error, at: Position(file: file.name), "the YAML cannot be read"))
        }
    }

    /// libyaml's problems, by a part of their text; `start` where the mistake is best seen at what was begun.
    private static let translations: [(problem: String, start: Bool, what: String, hint: String?)] = [
        ("could not find expected ':'", true, "this is no \"key: value\"", "a colon and a space are missing"),
        (
            "mapping values are not allowed", false, "a \": \" cannot stand here",
            "check the indentation, and quote text that holds a colon and a space"
        ),
        ("found unexpected end of stream", true, "the quote that starts here is not closed", nil),
        ("found unexpected document indicator", true, "the quote that starts here is not closed", nil),
        (
            "did not find expected ',' or ']'", true, "the list that starts here is not closed",
            "a comma or ] is missing"
        ),
        (
            "did not find expected ',' or '}'", true, "the mapping that starts here is not closed",
            "a comma or } is missing"
        ),
        ("did not find expected key", false, "a key was expected here", "check the indentation"),
        ("did not find expected '-' indicator", false, "a list item was expected here", "check the indentation"),
        ("block sequence entries are not allowed", false, "a list item cannot stand here", "check the indentation"),
        ("mapping keys are not allowed", false, "a key cannot stand here", "check the indentation"),
        ("unknown escape character", false, "unknown escape after a backslash", "use single quotes for text as it is"),
        (
            "did not find expected node content", false, "a value was expected here",
            "quote text that starts with a colon"
        ),
        ("<document start>", false, "nothing more was expected here", "check the indentation and the brackets"),
        ("Maximum nesting level", false, "lists and mappings are nested too deeply", nil),
        ("tab character", false, "a tab is no indentation", "use spaces"),
        ("found unexpected ':'", false, "a colon cannot stand here", "quote IPv6 addresses"),
        ("incompatible YAML document", false, "the file is not YAML 1.1 or 1.2", nil),
        ("tag", false, "tags (!…) are not used in a policy", nil),
    ]

    private static func translate(
        _ problem: String, at mark: Mark, _ start: Mark?, in file: SourceFile
    ) -> SyntaxError {
        let position = Position(mark, file: file.name)
        if problem.contains("cannot start any token") {
            let scalar = file.scalar(at: position)
            return SyntaxError(
                scalar == "\t"
                    ? Diagnostic(.error, at: position, "a tab is no indentation", hint: "use spaces")
                    : Diagnostic(
                        .error, at: position,
                        "a value cannot start with \(scalar.map { quoted(String($0)) } ?? "this")",
                        hint: "quote it"))
        }
        let known = translations.first { problem.contains($0.problem) }
        if let known, known.start, let start {
            return SyntaxError(Diagnostic(.error, at: Position(start, file: file.name), known.what, hint: known.hint))
        }
        let end = file.end
        if (position.line, position.column) > (end.line, end.column) {
            return SyntaxError(
                Diagnostic(.error, at: end, "the file ends too early", hint: "a bracket or a value is missing"))
        }
        return SyntaxError(
            Diagnostic(
                .error, at: position, known?.what ?? "the YAML is not valid here", hint: known.map(\.hint) ?? problem))
    }

    /// The reader's own position is an offset into what it had buffered.
    private static func forbiddenCharacter(in file: SourceFile) -> SyntaxError {
        var position = Position(file: file.name)
        for scalar in file.text.unicodeScalars {
            if scalar == "\n" {
                position.line += 1
                position.column = 1
                continue
            }
            switch scalar.value {
            case 0x09, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: break
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                return SyntaxError(
                    Diagnostic(
                        .error, at: position,
                        "the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))"
                            + "\(code) cannot stand in a policy"))
            }
            position.column += 1
        }
        return SyntaxError(Diagnostic(.error, at: Position(file: file.name), "the file is not UTF-8 text"))
    }
}

extension SourceFile {
    /// Behind the last character, where libyaml counts a line more.
    fileprivate var end: Position {
        var position = Position(file: name)
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                position.line += 1
                position.column = 1
            } else {
                position.column += 1
            }
        }
        return position
    }

    fileprivate func scalar(at position: Position) -> Unicode.Scalar? {
        let lines = text.unicodeScalars.split(
            separator: "\n", maxSplits: position.line, omittingEmptySubsequences: false)
        guard lines.indices.contains(position.line - 1) else { return nil }
        return lines[position.line - 1].dropFirst(position.column - 1).first
    }
}
