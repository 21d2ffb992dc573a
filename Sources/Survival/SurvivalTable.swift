public import Plan

/// The results of scenarios as a table of Markdown.
public enum SurvivalTable {
    public static func rows(
        _ scenarios: [Scenario], _ hashing: Router.Hashing, seed: UInt64 = 1
    ) throws(PlanError) -> String {
        var lines = [
            line(["what happens", "connections"] + Strategy.allCases.map(\.rawValue)),
            line([String](repeating: "---", count: 2 + Strategy.allCases.count)),
        ]
        for scenario in scenarios {
            var connections = 0
            var cells: [String] = []
            for strategy in Strategy.allCases {
                let outcome = try Simulation.run(scenario, strategy, hashing, seed: seed)
                connections = outcome.connections
                cells.append(cell(outcome))
            }
            lines.append(line([scenario.name, grouped(connections)] + cells))
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    private static func cell(_ outcome: Simulation.Outcome) -> String {
        guard !outcome.broken.isEmpty else { return "0" }
        // In tenths of a percent, rounded.
        let tenths = (outcome.broken.count * 2000 + outcome.connections) / (2 * outcome.connections)
        return "\(grouped(outcome.broken.count)) (\(tenths / 10).\(tenths % 10) %)"
    }

    private static func grouped(_ number: Int) -> String {
        number < 1000 ? "\(number)" : "\(number / 1000)," + "\(1000 + number % 1000)".dropFirst()
    }
}
