/// A few named values, one to the line, the values in a column.
struct Facts: Sendable {
    var entries: [(name: String, value: String)]

    init(_ entries: [(name: String, value: String)]) { self.entries = entries }

    func text(_ style: Style) -> String {
        let width = entries.reduce(0) { max($0, $1.name.count) } + 2
        return entries.map { name, value in
            style.paint(name, .bold) + String(repeating: " ", count: width - name.count)
                + (value.isEmpty ? "-" : value) + "\n"
        }.joined()
    }
}

extension Sequence where Element: CustomStringConvertible {
    /// As people write lists in a sentence's cell: `a, b`.
    var list: String { map(\.description).joined(separator: ", ") }
}
