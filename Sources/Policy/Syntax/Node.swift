/// A value of a YAML document with its place: aliases expanded, merge keys merged, every mapping key text and unique.
struct Node {
    enum Content {
        /// Nothing, `~` or `null`, unquoted.
        case null
        /// `quoted`: in quotes or as a block, so that `"1"` is text and `1` may be a number.
        case scalar(String, quoted: Bool)
        case list([Node])
        case mapping([Entry])
    }

    /// A key of a mapping with its value.
    struct Entry {
        var key: String
        var position: Position
        var value: Node
    }

    var content: Content
    var position: Position

    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// What it is, for messages that expected something else.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
