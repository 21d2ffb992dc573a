/// Text of a file as messages show it: in quotes, on one line, not longer than a line, nothing invisible.
func quoted(_ text: String) -> String {
    let limit = 64
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            shown += scalar.escaped(asASCII: true)
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return "\"" + shown + (text.unicodeScalars.count > limit ? "…" : "") + "\""
}
