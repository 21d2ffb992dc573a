/// Text of a file as messages show it: in quotes, on one line, not longer than a line.
func quoted(_ text: String) -> String {
    let limit = 64
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        shown += scalar.escaped(asASCII: false)
    }
    return "\"" + shown + (text.unicodeScalars.count > limit ? "…" : "") + "\""
}
