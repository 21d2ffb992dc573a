import Dataplane
import Plan

/// Why a command stops short of what it was asked for.
struct Failure: Error, Equatable {
    /// What people are told, without `error: `; empty where everything has been said already.
    var message: String
    var status: ExitStatus

    init(_ message: String, status: ExitStatus = .failed) {
        self.message = message
        self.status = status
    }

    /// Ends with a status and nothing more to say: what the command printed is the answer.
    static func silent(_ status: ExitStatus) -> Failure { Failure("", status: status) }

    static func nothingRuns(_ instance: Instance) -> Failure {
        Failure("nothing runs as instance \(instance): `sluice apply FILE` starts it")
    }

    /// A name on the command line that nothing has.
    static func unknown(_ kind: String, _ name: String, among names: [String]) -> Failure {
        let hint = suggestion(for: name, among: names).map { ": \($0)" } ?? ""
        return Failure("there is no \(kind) \(name)\(hint)")
    }
}

/// What the shell sees.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    /// Failed or refused; for `diff`, `test` and `explain --expect`: differs.
    case failed = 1
    /// Wrong usage; for `diff`: any error, since 1 means a difference there.
    case usage = 2
}
