internal import Yams

/// Turns what Yams composed from one document into ``Node``s: aliases are expanded, merge keys merged, repeated keys
/// reported, nodes counted.
struct Expansion {
    /// Far more than any policy needs, and little enough for any thread's stack.
    private static let depthLimit = 64

    let file: String
    /// What stands in the composed text for the `*` of an alias.
    let aliasMark: Unicode.Scalar
    let keys: DuplicateKeys
    /// Nodes that may still be made.
    private(set) var budget: Int
    private(set) var diagnostics: [Diagnostic] = []
    private var anchors: [String: (node: Node, count: Int)] = [:]
    private var depth = 0

    init(file: String, aliasMark: Unicode.Scalar, keys: DuplicateKeys, budget: Int) {
        self.file = file
        self.aliasMark = aliasMark
        self.keys = keys
        self.budget = budget
    }

    mutating func node(_ source: Yams.Node) throws(SyntaxError) -> Node {
        let before = budget
        let position = source.mark.map { Position($0, file: file) } ?? Position(file: file)
        try spend(1, position)
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw .tooDeep(position) }
        checkTag(source, position)
        let node: Node
        switch source {
        case .scalar(let scalar):
            node = try self.scalar(scalar, position)
        case .sequence(let sequence):
            var items: [Node] = []
            items.reserveCapacity(sequence.count)
            for item in sequence { items.append(try self.node(item)) }
            node = Node(content: .list(items), position: position)
        case .mapping(let mapping):
            node = Node(content: .mapping(try entries(mapping)), position: position)
        case .alias:
            // Yams makes these only when it writes.
            node = Node(content: .null, position: position)
        }
        if let anchor = source.anchor { anchors[anchor.rawValue] = (node, before - budget) }
        return node
    }

    /// Nothing in a policy depends on a tag, so one that is written means something that would be lost.
    private mutating func checkTag(_ source: Yams.Node, _ position: Position) {
        let expected: Tag.Name =
            switch source {
            case .scalar: .str
            case .sequence: .seq
            case .mapping, .alias: .map
            }
        if source.tag.rawValue != expected.rawValue {
            diagnostics.append(Diagnostic(.error, at: position, "tags (!…) are not used in a policy"))
        }
    }

    private mutating func scalar(_ scalar: Yams.Node.Scalar, _ position: Position) throws(SyntaxError) -> Node {
        guard aliasMark != "*", scalar.string.unicodeScalars.contains(aliasMark) else {
            return Self.scalar(scalar.string, quoted: scalar.style != .plain, position)
        }
        guard scalar.style == .plain, scalar.string.unicodeScalars.first == aliasMark else {
            return Self.scalar(starred(scalar.string), quoted: scalar.style != .plain, position)
        }
        let name = String(scalar.string.unicodeScalars.dropFirst())
        guard let target = anchors[name] else {
            throw SyntaxError(
                Diagnostic(
                    .error, at: position, "no anchor \(quoted("&" + starred(name))) stands before this alias",
                    hint: "quote the value if it is meant to start with a *"))
        }
        try spend(target.count, position)
        return target.node
    }

    private static func scalar(_ text: String, quoted: Bool, _ position: Position) -> Node {
        if !quoted, ["", "~", "null", "Null", "NULL"].contains(text) {
            return Node(content: .null, position: position)
        }
        return Node(content: .scalar(text, quoted: quoted), position: position)
    }

    private func starred(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.map { $0 == aliasMark ? "*" : $0 })
        return String(scalars)
    }

    private mutating func entries(_ mapping: Yams.Node.Mapping) throws(SyntaxError) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var first: [String: Position] = [:]
        var merges: [Node] = []
        for (keyNode, valueNode) in mapping {
            let key = try key(keyNode)
            let value = try node(valueNode)
            guard let key else { continue }
            if key.text == "<<", key.plain {
                merges.append(value)
            } else if let known = first[key.text] {
                diagnostics.append(
                    Diagnostic(
                        .error, at: key.position, "the key \(quoted(key.text)) is here a second time",
                        hint: "the first is in line \(known.line)"))
            } else {
                first[key.text] = key.position
                entries.append(Node.Entry(key: key.text, position: key.position, value: value))
            }
        }
        for merge in merges {
            for entry in mergedEntries(merge) where first[entry.key] == nil {
                first[entry.key] = entry.position
                entries.append(entry)
            }
        }
        return entries
    }

    /// `nil` where the key is no text, which is reported.
    private mutating func key(
        _ source: Yams.Node
    ) throws(SyntaxError) -> (text: String, position: Position, plain: Bool)? {
        let position = source.mark.map { Position($0, file: file) } ?? Position(file: file)
        if case .scalar(let scalar) = source {
            let original = keys.original(of: scalar)
            let isAlias = scalar.style == .plain && aliasMark != "*" && original.unicodeScalars.first == aliasMark
            if !isAlias {
                try spend(1, position)
                let text = aliasMark == "*" ? original : starred(original)
                if let anchor = scalar.anchor {
                    anchors[anchor.rawValue] = (Self.scalar(text, quoted: scalar.style != .plain, position), 1)
                }
                return (text, position, scalar.style == .plain)
            }
        }
        if case .scalar(let text, let quoted) = try node(source).content { return (text, position, !quoted) }
        diagnostics.append(Diagnostic(.error, at: position, "a key must be text"))
        return nil
    }

    /// What `<<` brings in, the first of equal keys first.
    private mutating func mergedEntries(_ node: Node) -> [Node.Entry] {
        switch node.content {
        case .mapping(let entries):
            return entries
        case .list(let items):
            return items.flatMap { item in
                if case .mapping(let entries) = item.content { return entries }
                diagnostics.append(
                    Diagnostic(.error, at: item.position, "<< merges mappings, this is \(item.kind)"))
                return []
            }
        case .null, .scalar:
            diagnostics.append(Diagnostic(.error, at: node.position, "<< merges mappings, this is \(node.kind)"))
            return []
        }
    }

    private mutating func spend(_ count: Int, _ position: Position) throws(SyntaxError) {
        budget -= count
        guard budget >= 0 else { throw .tooLarge(position.file, position) }
    }
}
