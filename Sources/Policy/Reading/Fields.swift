/// A mapping whose keys are all known.
struct Fields {
    /// Where a key that is missing is reported.
    let position: Position
    private let table: KeyTable
    private var values: [String: Node] = [:]

    init(_ table: KeyTable, _ entries: [Node.Entry], at position: Position) {
        self.table = table
        self.position = position
        for entry in entries { values[entry.key] = entry.value }
    }

    subscript(key: String) -> Node? {
        assert(table.keys.contains(key), "\(table.noun) has no key \(key)")
        return values[key]
    }
}

extension DocumentReader {
    /// Checks the keys of a mapping. Nothing at all is a mapping without keys.
    ///
    /// - Parameter position: of what the mapping describes.
    /// - Returns: `nil` where it is no mapping. A required key may still be missing, which is reported here.
    mutating func fields(_ node: Node, _ table: KeyTable, at position: Position) -> Fields? {
        let entries: [Node.Entry]
        switch node.content {
        case .mapping(let mapping): entries = mapping
        case .null: entries = []
        case .scalar, .list:
            error(
                node.position, "\(table.noun) must be a mapping, this is \(node.kind)",
                "its keys are \(table.keys.joined(separator: ", "))")
            return nil
        }
        var given = Set(entries.map(\.key))
        for entry in entries where !table.keys.contains(entry.key) {
            if table.unsupported.contains(entry.key) {
                error(entry.position, "\(quoted(entry.key)) is not supported by this version")
            } else {
                let near = nearest.name(to: entry.key, among: table.keys + table.unsupported)
                // Misspelt is not missing.
                if let near { given.insert(near) }
                error(
                    entry.position, "unknown key \(quoted(entry.key)) in \(table.noun)",
                    near.map { "did you mean \(quoted($0))?" }
                        ?? "its keys are \(table.keys.joined(separator: ", "))")
            }
        }
        for key in table.required where !given.contains(key) {
            error(position, "\(table.noun) needs the key \(quoted(key))")
        }
        return Fields(table, entries, at: position)
    }

    /// The entries of a mapping from names, which may be left empty.
    mutating func entries(_ node: Node, _ what: String) -> [Node.Entry] {
        switch node.content {
        case .mapping(let entries): return entries
        case .null: return []
        case .scalar, .list:
            error(node.position, "\(quoted(what)) must be a mapping from names, this is \(node.kind)")
            return []
        }
    }

    /// The items of a list.
    ///
    /// - Parameter emptyHint: why an empty list is an error; `nil` where it is none.
    /// - Returns: `nil` where there is no list, or an empty one that may not be; that is reported.
    mutating func items(_ node: Node, _ what: String, emptyHint: String? = nil) -> [Node]? {
        switch node.content {
        case .list(let items):
            guard items.isEmpty, let emptyHint else { return items }
            error(node.position, "\(quoted(what)) is empty", emptyHint)
            return nil
        case .null:
            guard let emptyHint else { return [] }
            error(node.position, "\(quoted(what)) is empty", emptyHint)
            return nil
        case .scalar(let text, _):
            error(node.position, "\(quoted(what)) must be a list", "write [\(text.prefix(64))]")
            return nil
        case .mapping:
            error(node.position, "\(quoted(what)) must be a list, this is a mapping")
            return nil
        }
    }
}
