import Net
import Policy

/// What `policy list` and `policy show` tell of rules.
struct PolicyReport: Report, Equatable {
    struct Policy: Equatable, Sendable {
        var name: String
        var from: [String]
        var to: [String]
        /// Empty: every protocol and port.
        var ports: [TrafficMatch]
        var action: Action
        /// `nil`: the default, which comes after every priority.
        var priority: Int16?
        var traffic: Traffic
    }

    /// By falling precedence.
    var policies: [Policy]
    /// What no rule decides; `nil` where one policy is shown.
    var fallback: Policy?
    /// Whether each policy's peers and ports follow it (`show`).
    var detailed = false

    var json: JSON {
        var members = [JSON.Member(key: "policies", value: .array(policies.map(json)))]
        if let fallback {
            members.append(
                .init(
                    key: "default",
                    value: .object(
                        [.init(key: "action", value: .string(fallback.action.rawValue))] + fallback.traffic.members)))
        }
        return .object(members)
    }

    private func json(_ policy: Policy) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "name", value: .string(policy.name)),
            .init(key: "action", value: .string(policy.action.rawValue)),
            .init(key: "priority", value: policy.priority.map { JSON(Int($0)) } ?? .null),
        ]
        members += policy.traffic.members
        if detailed {
            members += [
                .init(key: "from", value: JSON(texts: policy.from)),
                .init(key: "to", value: JSON(texts: policy.to)),
                .init(key: "ports", value: policy.ports.isEmpty ? .null : JSON(texts: policy.ports)),
            ]
        }
        return .object(members)
    }

    func text(_ style: Style) -> String {
        guard detailed else {
            var table = Table("POLICY", "ACTION", "PRIORITY", "PACKETS", "BYTES")
            for policy in policies + [fallback].compactMap(\.self) {
                table.add(
                    .init(policy.name), .init(policy.action.rawValue, policy.action == .allow ? .green : .red),
                    .init(policy.priority), .init(policy.traffic.packets), .init(policy.traffic.bytes))
            }
            return table.text(style)
        }
        return policies.map { policy in
            Facts([
                ("policy", policy.name), ("action", policy.action.rawValue),
                ("priority", policy.priority.map { "\($0)" } ?? ""),
                ("from", policy.from.list), ("to", policy.to.list),
                ("ports", policy.ports.isEmpty ? "all" : policy.ports.list),
                ("packets", "\(policy.traffic.packets)"), ("bytes", "\(policy.traffic.bytes)"),
            ]).text(style)
        }.joined(separator: "\n")
    }
}
