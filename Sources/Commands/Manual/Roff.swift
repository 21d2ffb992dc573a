/// Text in the `man` macro package, groff_man(7).
struct Roff {
    private(set) var source = ""

    mutating func macro(_ name: String, _ arguments: String...) {
        source += (["." + name] + arguments.map { "\"" + Self.escape($0) + "\"" }).joined(separator: " ") + "\n"
    }

    mutating func section(_ title: String) { macro("SH", title) }

    /// A line that is roff already.
    mutating func line(_ roff: String) { source += roff + "\n" }

    /// Plain text; empty lines separate paragraphs.
    mutating func paragraph(_ text: String) {
        for part in text.split(separator: "\n", omittingEmptySubsequences: false).split(separator: "") {
            macro("PP")
            for line in part { self.line(Self.escape(String(line))) }
        }
    }

    /// A term and, indented below, what it means. The term is roff already, the text is plain.
    mutating func item(_ term: String, _ text: String) {
        macro("TP")
        line(term)
        line(Self.escape(text))
    }

    static func bold(_ text: String) -> String { "\\fB" + escape(text) + "\\fR" }
    static func italic(_ text: String) -> String { "\\fI" + escape(text) + "\\fR" }

    /// Keeps roff from taking text for requests, and hyphens for line breaks between options.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            default: escaped.append(character)
            }
        }
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
