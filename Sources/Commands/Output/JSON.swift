/// A JSON value whose keys keep their order, so that what scripts and people see is stable.
indirect enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case string(String)
    case array([JSON])
    case object([Member])

    struct Member: Equatable, Sendable {
        var key: String
        var value: JSON
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(nilLiteral: ()) { self = .null }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }

    /// The text of a value, or `null`.
    init(_ value: (some CustomStringConvertible)?) { self = value.map { .string($0.description) } ?? .null }

    init(_ value: some FixedWidthInteger & UnsignedInteger) { self = .unsigned(UInt64(value)) }
    init(_ value: Int) { self = .integer(Int64(value)) }
    init(_ value: Bool) { self = .bool(value) }

    /// An array of texts.
    init(texts: some Sequence<some CustomStringConvertible>) { self = .array(texts.map { .string($0.description) }) }
}

extension JSON {
    /// On one line, for streams: one document to the line.
    var line: String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    /// Indented, as people and diffs like it; arrays of plain values stay on one line.
    var document: String {
        var text = ""
        write(to: &text, indent: 0)
        return text
    }

    private var isPlain: Bool {
        switch self {
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: true
        }
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .string(let value): Self.quote(value, to: &text)
        case .array(let elements):
            let isRow = elements.allSatisfy(\.isPlain)
            Self.list(
                elements, "[", "]", separator: isRow && indent != nil ? ", " : ",", to: &text,
                indent: isRow ? nil : indent
            ) { $0.write(to: &$1, indent: $2) }
        case .object(let members):
            Self.list(
                members, "{", "}", separator: ",", to: &text, indent: members.isEmpty ? nil : indent
            ) { member, text, indent in
                Self.quote(member.key, to: &text)
                text += indent == nil ? ":" : ": "
                member.value.write(to: &text, indent: indent)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ open: String, _ close: String, separator: String, to text: inout String,
        indent: Int?, _ write: (Element, inout String, Int?) -> Void
    ) {
        let inner = indent.map { $0 + 1 }
        let lineBreak = { (depth: Int?) in depth.map { "\n" + String(repeating: "  ", count: $0) } ?? "" }
        text += open
        for (number, element) in elements.enumerated() {
            if number > 0 { text += separator }
            text += lineBreak(inner)
            write(element, &text, inner)
        }
        text += lineBreak(indent) + close
    }

    /// RFC 8259, section 7.
    private static func quote(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
