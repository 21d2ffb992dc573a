/// A failed operation on the kernel's BPF: what was tried, what the kernel answered, and what that usually means.
///
/// The description is one chain of lower-case clauses, without the log.
public struct BPFError: Error, CustomStringConvertible, Sendable {
    /// What was tried: `load program filter`.
    public let operation: String
    /// The kernel's answer, positive.
    public let errno: Int32
    /// The likely cause, or what to do.
    public let hint: String?
    /// What libbpf and the verifier said meanwhile, whole.
    public let log: String?

    public init(_ operation: String, errno: Int32, hint: String? = nil, log: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.hint = hint
        self.log = log
    }
    public var description: String { operation }
}
