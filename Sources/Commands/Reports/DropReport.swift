/// What `drops` tells: every drop under one reason, on one interface, by one rule where a rule decided.
struct DropReport: Report, Equatable {
    struct Row: Equatable, Sendable {
        var reason: String
        /// `nil`: packets that came from an interface the data plane has no slot for.
        var interface: String?
        /// The policy's name or `default`; `nil` where no policy was asked.
        var rule: String?
        var traffic: Traffic
    }

    /// Only what was dropped at least once, most packets first.
    var rows: [Row]

    init(_ rows: [Row]) {
        self.rows = rows.filter { $0.traffic.packets > 0 }.sorted { left, right in
            if left.traffic.packets != right.traffic.packets { return left.traffic.packets > right.traffic.packets }
            return (left.reason, left.interface ?? "", left.rule ?? "")
                < (right.reason, right.interface ?? "", right.rule ?? "")
        }
    }

    var json: JSON {
        let drops = rows.map { row in
            JSON.object(
                [
                    .init(key: "reason", value: .string(row.reason)),
                    .init(key: "interface", value: JSON(row.interface)),
                    .init(key: "rule", value: JSON(row.rule)),
                ] + row.traffic.members)
        }
        return ["drops": .array(drops)]
    }

    func text(_ style: Style) -> String {
        guard !rows.isEmpty else { return "nothing was dropped\n" }
        var table = Table("REASON", "INTERFACE", "RULE", "PACKETS", "BYTES")
        for row in rows {
            table.add(
                .init(row.reason, .red), .init(row.interface), .init(row.rule), .init(row.traffic.packets),
                .init(row.traffic.bytes))
        }
        return table.text(style)
    }
}
