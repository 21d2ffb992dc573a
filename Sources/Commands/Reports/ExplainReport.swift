import Net
import Policy

/// What `explain` tells: what the kernel's program would do with a packet, and why.
struct ExplainReport: Report, Equatable {
    struct Backend: Equatable, Sendable {
        var name: String
        var address: IPAddress
    }

    var verdict: Action
    /// `pass`, `drop`, `tx` or `redirect`.
    var action: String
    var reason: String
    /// The policy's name or `default`; `nil` where no policy was asked.
    var rule: String?
    var service: String?
    var backend: Backend?
    var source: LookupReport
    /// The packet's journey, a step to the line.
    var path: [String]

    var json: JSON {
        [
            "verdict": .string(verdict.rawValue),
            "action": .string(action),
            "reason": .string(reason),
            "rule": JSON(rule),
            "service": JSON(service),
            "backend": backend.map { ["name": .string($0.name), "address": JSON($0.address)] } ?? .null,
            "source": source.json,
            "path": JSON(texts: path),
        ]
    }

    func text(_ style: Style) -> String {
        var lines = [style.paint(verdict.rawValue, verdict == .allow ? .green : .red) + ": \(reason), \(action)"]
        lines += path.map { "  " + $0 }
        return lines.map { $0 + "\n" }.joined()
    }
}
