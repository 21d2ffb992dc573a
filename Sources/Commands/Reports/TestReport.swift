import Policy

/// What `test` tells of the file's tests.
struct TestReport: Report, Equatable {
    struct Outcome: Equatable, Sendable {
        var position: Position
        /// The flow as people write it: `203.0.113.9 -> 192.0.2.10:443/tcp`.
        var flow: String
        var expected: Action
        var verdict: Action
        var reason: String
        /// The deciding policy or `default`; `nil` where no policy was asked.
        var rule: String?

        var passed: Bool { expected == verdict }

        /// The sentence behind `FILE:LINE:COL: `.
        var sentence: String {
            let decision = "\(verdict.rawValue) (\(reason)\(rule.map { ", rule \($0)" } ?? ""))"
            return passed ? "ok: \(flow): \(decision)" : "\(flow): expected \(expected.rawValue), got \(decision)"
        }
    }

    var outcomes: [Outcome]

    var failures: [Outcome] { outcomes.filter { !$0.passed } }

    var json: JSON {
        let tests = outcomes.map { outcome -> JSON in
            [
                "position": JSON(outcome.position),
                "flow": .string(outcome.flow),
                "expected": .string(outcome.expected.rawValue),
                "verdict": .string(outcome.verdict.rawValue),
                "reason": .string(outcome.reason),
                "rule": JSON(outcome.rule),
                "passed": JSON(outcome.passed),
            ]
        }
        return [
            "tests": .array(tests), "passed": JSON(outcomes.count - failures.count), "failed": JSON(failures.count),
        ]
    }

    func text(_ style: Style) -> String {
        let lines = outcomes.map { outcome in
            "\(outcome.position): "
                + (outcome.passed ? "" : style.paint("failed: ", .red)) + outcome.sentence + "\n"
        }
        let failed = failures.count
        let summary =
            outcomes.isEmpty
            ? "no tests" : failed == 0 ? "\(outcomes.count) passed" : "\(failed) of \(outcomes.count) failed"
        return lines.joined() + summary + "\n"
    }
}
