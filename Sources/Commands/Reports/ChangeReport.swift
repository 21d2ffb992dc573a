import Plan

/// What `diff` tells: what `apply` would change.
struct ChangeReport: Report, Equatable {
    var changes: [Change]
    /// Changes of backends by hand that stay in force, as they were typed.
    var overrides: [String]

    var json: JSON {
        let changes = self.changes.map { change -> JSON in
            [
                "kind": .string(change.kind.rawValue),
                "object": .string(change.object.rawValue),
                "name": .string(change.name),
                "detail": .string(change.detail),
            ]
        }
        return ["changes": .array(changes), "overrides": JSON(texts: overrides)]
    }

    func text(_ style: Style) -> String {
        let lines = changes.map { change in
            switch change.kind {
            case .add: style.paint("\(change)", .green)
            case .remove: style.paint("\(change)", .red)
            case .change: style.paint("\(change)", .yellow)
            }
        }
        return (changes.isEmpty ? "nothing to change\n" : lines.map { $0 + "\n" }.joined())
            + overrides.map { "override kept: \($0)\n" }.joined()
    }
}
