/// Reading the verifier's log, which runs to many thousand lines of which the last few matter.
enum VerifierLog {
    private static let begin = "-- BEGIN PROG LOAD LOG --"
    private static let end = "-- END PROG LOAD LOG --"

    /// The reason for a refusal, or nil where the log holds none.
    static func summary(_ log: String) -> String? {
        let lines = body(of: log)
        guard let reason = lines.last(where: { !isBookkeeping($0) }) else { return nil }
        let omitted = lines.count - 1
        return omitted == 0 ? String(reason) : "\(reason) (\(omitted) more lines of log)"
    }

    /// The lines between the last pair of libbpf's marks; without marks, all.
    private static func body(of log: String) -> [Substring] {
        var lines: [Substring] = []
        for line in log.split(separator: "\n") {
            if line.hasSuffix(begin) {
                lines = []
            } else if line.hasSuffix(end) {
                break
            } else {
                lines.append(line)
            }
        }
        return lines
    }

    /// Statistics and the echo of instructions, which follow the complaint or stand for nothing.
    private static func isBookkeeping(_ line: Substring) -> Bool {
        line.hasPrefix("processed ") || line.hasPrefix("verification time ") || line.hasPrefix("stack depth ")
            || line.hasPrefix("max_states_per_insn") || line.allSatisfy(\.isWhitespace)
    }
}
