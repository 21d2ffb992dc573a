import Glibc

/// A question that the kernel refused to answer.
public struct NodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was asked for: a verb phrase.
    public let operation: String
    /// As `errno` had it.
    public let code: Int32

    /// Takes `errno` as the failed call left it.
    init(_ operation: String) {
        self.operation = operation
        code = errno
    }

    public var description: String {
        // The C library's words begin like a sentence, and this is a clause.
        let words = String(cString: strerror(code))
        return "can't \(operation): \(words.prefix(1).lowercased())\(words.dropFirst())"
    }
}
