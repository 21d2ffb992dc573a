/// Single values: text, numbers, words of a set, names, durations.
extension DocumentReader {
    /// Text, quoted or not.
    mutating func text(_ node: Node, _ what: String) -> String? {
        switch node.content {
        case .scalar(let text, _) where !text.isEmpty: return text
        case .null, .scalar:
            error(node.position, "\(what) is empty")
        case .list:
            error(node.position, "\(what) must be a single value, this is a list")
        case .mapping:
            error(
                node.position, "\(what) must be a single value, this is a mapping",
                "quote text that holds or ends with a colon")
        }
        return nil
    }

    /// A decimal number, not in quotes.
    mutating func integer(_ node: Node, _ what: String) -> Int? {
        guard let text = text(node, what) else { return nil }
        guard case .scalar(_, quoted: false) = node.content else {
            error(node.position, "\(what) must be a number, this is text", "write it without quotes")
            return nil
        }
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else {
            error(node.position, "\(what) must be a whole number, not \(quoted(text))")
            return nil
        }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            error(node.position, "\(what) starts with 0", "write decimal numbers without leading zeros")
            return nil
        }
        guard let number = Int(text) else {
            error(node.position, "\(what) \(quoted(text)) is out of range")
            return nil
        }
        return number
    }

    mutating func integer<Number: FixedWidthInteger>(
        _ node: Node, _ what: String, in range: ClosedRange<Number>
    ) -> Number? {
        guard let number = integer(node, what) else { return nil }
        guard let number = Number(exactly: number), range.contains(number) else {
            error(
                node.position, "\(what) \(number) is out of range", "it is \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// `true` or `false`.
    mutating func flag(_ node: Node, _ what: String) -> Bool? {
        guard let text = text(node, what) else { return nil }
        guard case .scalar(_, quoted: false) = node.content, let value = Bool(text) else {
            error(node.position, "\(what) must be true or false, not \(quoted(text))")
            return nil
        }
        return value
    }

    /// One of the words of an enumeration.
    ///
    /// - Parameter unsupported: words of the format that this version does not support.
    mutating func word<Word: CaseIterable & RawRepresentable<String>>(
        _ node: Node, _ what: String, unsupported: [String] = []
    ) -> Word? {
        guard let text = text(node, what) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let choice = "use " + words.joined(separator: words.count > 2 ? ", " : " or ")
        if unsupported.contains(text) {
            error(node.position, "\(what) \(quoted(text)) is not supported by this version", choice)
        } else {
            let near = nearest.name(to: text, among: words + unsupported)
            error(
                node.position, "\(what) cannot be \(quoted(text))",
                near.map { "did you mean \(quoted($0))?" } ?? choice)
        }
        return nil
    }

    /// Reports a name that does not follow the grammar; it is used all the same.
    mutating func checkName(_ entry: Node.Entry, _ what: String) {
        let bytes = entry.key.utf8
        let alphanumeric = { (byte: UInt8) in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
        guard let first = bytes.first else {
            error(entry.position, "the name of \(what) is empty")
            return
        }
        if bytes.count > 63 {
            error(entry.position, "the name \(quoted(entry.key)) is longer than 63 characters")
        } else if !alphanumeric(first) {
            error(entry.position, "the name \(quoted(entry.key)) must start with a letter or digit")
        } else if !bytes.allSatisfy({ alphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }) {
            error(
                entry.position, "the name \(quoted(entry.key)) has a character that names cannot have",
                "use letters, digits, \".\", \"_\" and \"-\"")
        }
    }

    /// Labels of an identity or of a selector; values are text, whatever they look like.
    ///
    /// - Returns: those that are right.
    mutating func labels(_ node: Node) -> [String: String] {
        guard case .mapping(let entries) = node.content, !entries.isEmpty else {
            switch node.content {
            case .null, .mapping: error(node.position, "\"labels\" is empty", "leave it out, or write {name: value}")
            case .scalar, .list:
                error(node.position, "\"labels\" must be a mapping, this is \(node.kind)", "write {name: value}")
            }
            return [:]
        }
        var labels: [String: String] = [:]
        for entry in entries {
            if case .scalar("", quoted: true) = entry.value.content {
                labels[entry.key] = ""
            } else if let value = text(entry.value, "the label \(quoted(entry.key))") {
                labels[entry.key] = value
            }
            if entry.key.isEmpty { error(entry.position, "the name of a label is empty") }
        }
        return labels
    }
}
