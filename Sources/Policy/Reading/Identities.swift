internal import Net

/// `identities`, and the namespace that they share with services.
extension DocumentReader {
    mutating func identities(_ node: Node) {
        for entry in entries(node, "identities") {
            let isNew = define(entry, .identity)
            let before = diagnostics.count
            guard let fields = fields(entry.value, .identity, at: entry.position) else { continue }
            var identity = Identity(name: entry.key, position: entry.position)
            let cidrs = if let node = fields["cidrs"] { items(node, "cidrs") } else { [Node]?([]) }
            if let cidrs {
                (identity.cidrs, identity.except) = prefixes(cidrs, except: fields["except"])
                if cidrs.isEmpty, diagnostics.count == before {
                    warning(entry.position, "the identity \(quoted(entry.key)) has no prefixes", "it holds no address")
                }
            }
            if let node = fields["labels"] { identity.labels = labels(node) }
            if isNew { document.identities.append(identity) }
        }
    }

    /// Enters a name of an identity or service.
    ///
    /// - Returns: false where it is taken, which is reported.
    mutating func define(_ entry: Node.Entry, _ kind: Named) -> Bool {
        let what = kind == .identity ? "an identity" : "a service"
        checkName(entry, what)
        if ["any", "node", "world"].contains(entry.key) {
            error(entry.position, "the name \(quoted(entry.key)) is reserved", "it has a meaning in from and to")
        }
        if let known = named[entry.key] {
            let first = known.kind == .identity ? "an identity" : "a service"
            error(
                entry.position, "the name \(quoted(entry.key)) is already taken by \(first)",
                "identities and services share their names; the first is at \(known.position)")
            return false
        }
        named[entry.key] = (kind, entry.position)
        names.append(entry.key)
        return true
    }
}

/// Which identities carry a label.
struct LabelIndex {
    private struct Label: Hashable {
        var name: String
        var value: String
    }

    private var carriers: [Label: Set<Int>] = [:]
    private var answers: [[String: String]: Bool] = [:]

    init(_ identities: [Identity] = []) {
        for (index, identity) in identities.enumerated() {
            for (name, value) in identity.labels {
                carriers[Label(name: name, value: value), default: []].insert(index)
            }
        }
    }

    /// True where some identity carries all labels of the selector.
    mutating func carries(_ selector: [String: String]) -> Bool {
        if let answer = answers[selector] { return answer }
        let sets = selector.map { carriers[Label(name: $0, value: $1)] ?? [] }.sorted { $0.count < $1.count }
        let answer =
            sets.first.map { smallest in
                smallest.contains { index in sets.allSatisfy { $0.contains(index) } }
            } ?? false
        answers[selector] = answer
        return answer
    }
}
