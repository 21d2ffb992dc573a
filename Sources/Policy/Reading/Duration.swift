extension DocumentReader {
    private static let units: [(letter: UInt8, seconds: Int)] = [
        (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3_600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
    ]
    /// A year; what is longer is a mistake, and sums stay far from overflow.
    fileprivate static let longest = 365 * 86_400

    /// A duration as `90s`, `1h` or `1h30m`: whole numbers with d, h, m or s, the larger unit first.
    ///
    /// - Returns: seconds.
    mutating func duration(_ node: Node, _ what: String) -> Int? {
        guard let text = text(node, what) else { return nil }
        if text.utf8.allSatisfy({ (48...57).contains($0) }) {
            error(node.position, "\(what) \(quoted(text)) has no unit", "write \(text.prefix(9))s for seconds")
            return nil
        }
        guard let seconds = Self.seconds(text) else {
            error(node.position, "\(what) \(quoted(text)) is no duration", "write it like 90s, 15m, 1h or 1h30m")
            return nil
        }
        guard seconds <= Self.longest else {
            error(node.position, "\(what) \(quoted(text)) is longer than a year")
            return nil
        }
        return seconds
    }

    /// A duration that cannot be 0.
    mutating func positiveDuration(_ node: Node, _ what: String, _ hint: String) -> Int? {
        guard let seconds = duration(node, what) else { return nil }
        guard seconds > 0 else {
            error(node.position, "\(what) is 0", hint)
            return nil
        }
        return seconds
    }

    fileprivate static func seconds(_ text: String) -> Int? {
        var rest = text.utf8[...]
        var units = Self.units[...]
        var total = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(digits.count)
            guard !digits.isEmpty, let letter = rest.popFirst(),
                let unit = units.firstIndex(where: { $0.letter == letter })
            else { return nil }
            let number = digits.count < 10 ? digits.reduce(0) { $0 * 10 + Int($1 - 48) } : longest + 1
            total += number * units[unit].seconds
            units = units[(unit + 1)...]
        }
        return total
    }
}

extension Duration {
    /// What the file means by `90s`, `1h` or `1h30m`; `nil` where it is none, or longer than a year.
    package static func seconds(parsing text: String) -> Int? {
        DocumentReader.seconds(text).flatMap { $0 <= DocumentReader.longest ? $0 : nil }
    }
}
