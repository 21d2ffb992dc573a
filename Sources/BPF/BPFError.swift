internal import Glibc

/// A failed operation on the kernel's BPF: what was tried, what the kernel answered, and what that usually means.
///
/// The description is one chain of lower-case clauses; the log is kept aside.
public struct BPFError: Error, CustomStringConvertible, Sendable {
    /// What was tried: `load program filter`.
    public let operation: String
    /// The kernel's answer, a positive `errno`.
    public let code: Int32
    /// The likely cause, or what to do.
    public let hint: String?
    /// What libbpf and the verifier said meanwhile, whole.
    public let log: String?

    /// Without a `hint`, the usual one for `code` is given, if there is one.
    public init(_ operation: String, code: Int32, hint: String? = nil, log: String? = nil) {
        self.operation = operation
        self.code = code
        self.hint = hint ?? Self.usualHint(for: code)
        self.log = log
    }

    /// The verifier's complaint: the last lines of its log that say something, with the number of lines left out.
    public var summary: String? { log.flatMap(VerifierLog.summary) }

    public var description: String {
        [operation, Self.text(of: code), summary, hint].compactMap(\.self).joined(separator: ": ")
    }

    /// The C library's words for `code`, beginning in lower case, so that clauses chain.
    public static func text(of code: Int32) -> String {
        let words = String(cString: strerror(code))
        // `strerror` knows no kernel-internal codes; 524 is what the kernel says for an operation that a kind of map
        // or a driver does not have.
        return code == notSupportedByKind ? "not supported" : words.prefix(1).lowercased() + words.dropFirst()
    }

    /// The kernel's ENOTSUPP, which is no `errno` of the C library.
    static let notSupportedByKind: Int32 = 524

    private static func usualHint(for code: Int32) -> String? {
        guard code == EPERM else { return nil }
        let missing = Capability.missing()
        return missing.isEmpty
            ? "the kernel forbids it even with all capabilities (lockdown, or a security module)"
            : "run it as root, or with " + missing.map(\.name).joined(separator: ", ")
    }
}

extension BPFError {
    init(_ operation: String, errnoOf result: Int32, hint: String? = nil, log: String? = nil) {
        self.init(operation, code: -result, hint: hint, log: log)
    }

    /// For calls that leave their reason in `errno`.
    static func last(_ operation: String, hint: String? = nil) -> BPFError {
        BPFError(operation, code: errno, hint: hint)
    }
}

/// The one place where libbpf's negative results become errors.
@discardableResult
func call(
    _ operation: @autoclosure () -> String, hint: @autoclosure () -> String? = nil, _ body: () -> Int32
) throws(BPFError) -> Int32 {
    let result = body()
    guard result < 0 else { return result }
    throw BPFError(operation(), code: -result, hint: hint())
}
