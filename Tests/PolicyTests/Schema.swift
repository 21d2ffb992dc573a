@testable import Policy

/// A validator for the part of JSON Schema (draft 7) that the published schema uses. A keyword it does not know is a
/// violation, so that none goes unchecked.
struct Schema {
    let root: Node

    /// What the schema says against the value, each with its path.
    func violations(_ value: Node) -> [String] { violations(value, root, "$") }

    /// A definition by its name.
    func definition(_ name: String) -> Node? { root["definitions"]?[name] }

    private func violations(_ value: Node, _ schema: Node, _ path: String) -> [String] {
        schema.entries.flatMap { violations(value, schema, keyword: $0.key, $0.value, path) }
    }

    private func violations(
        _ value: Node, _ schema: Node, keyword: String, _ argument: Node, _ path: String
    ) -> [String] {
        func require(_ condition: Bool) -> [String] { condition ? [] : ["\(path): \(keyword)"] }
        switch keyword {
        case "$schema", "title", "description", "default", "definitions": return []
        case "$ref":
            guard let target = definition(String((argument.text ?? "").dropFirst("#/definitions/".count))) else {
                return ["no definition \(argument.text ?? "")"]
            }
            return violations(value, target, path)
        case "const": return require(value.text == argument.text && value.type == argument.type)
        case "enum": return require(argument.items.contains { $0.text == value.text })
        case "type":
            let types = argument.text.map { [$0] } ?? argument.items.compactMap(\.text)
            return require(types.contains(value.type) || value.type == "integer" && types.contains("number"))
        case "required": return require(argument.items.compactMap(\.text).allSatisfy { value[$0] != nil })
        case "properties":
            return value.entries.flatMap { entry in
                argument[entry.key].map { violations(entry.value, $0, "\(path).\(entry.key)") } ?? []
            }
        case "additionalProperties":
            let others = value.entries.filter { schema["properties"]?[$0.key] == nil }
            if argument.text == "false" { return others.map { "\(path).\($0.key): unknown" } }
            return others.flatMap { violations($0.value, argument, "\(path).\($0.key)") }
        case "propertyNames":
            return value.entries.flatMap { entry in
                violations(
                    Node(content: .scalar(entry.key, quoted: true), position: entry.position), argument,
                    "\(path).\(entry.key)")
            }
        case "items":
            return value.items.enumerated().flatMap { violations($1, argument, "\(path)[\($0)]") }
        case "minItems": return require(value.type != "array" || value.items.count >= argument.number)
        case "minProperties": return require(value.type != "object" || value.entries.count >= argument.number)
        case "maxProperties": return require(value.type != "object" || value.entries.count <= argument.number)
        case "minimum": return require(value.number >= argument.number)
        case "maximum": return require(value.number <= argument.number)
        case "pattern":
            guard let regex = try? Regex(argument.text ?? "") else { return ["\(path): bad pattern"] }
            return require(value.type != "string" || (value.text ?? "").firstMatch(of: regex) != nil)
        case "anyOf": return require(argument.items.contains { violations(value, $0, path).isEmpty })
        case "oneOf": return require(argument.items.count { violations(value, $0, path).isEmpty } == 1)
        default: return ["\(path): the validator does not know \(keyword)"]
        }
    }
}

extension Node {
    /// In the terms of JSON Schema.
    var type: String {
        switch content {
        case .null: "null"
        case .list: "array"
        case .mapping: "object"
        case .scalar(_, quoted: true): "string"
        case .scalar("true", _), .scalar("false", _): "boolean"
        case .scalar(let text, _): Int(text) != nil ? "integer" : Double(text) != nil ? "number" : "string"
        }
    }

    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    var number: Int { text.flatMap { Int($0) } ?? 0 }

    var items: [Node] {
        if case .list(let items) = content { items } else { [] }
    }

    var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    subscript(key: String) -> Node? { entries.first { $0.key == key }?.value }
}
