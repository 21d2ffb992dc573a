public import BPF
internal import Glibc

/// Why the data plane could not do as asked. Reads as lower-case clauses: `what: cause: hint`.
public struct DataplaneError: Error, CustomStringConvertible, Sendable {
    public enum Kind: Sendable {
        /// Asked for something that cannot be: a bad name, an image that is none.
        case usage
        /// A capability is missing.
        case privilege
        /// Another command holds the lock.
        case locked
        /// Something of someone else is in the way: a foreign program or pin directory.
        case foreign
        /// An interface is missing or cannot be attached to.
        case interface
        /// The kernel lacks a feature or refused an operation.
        case kernel
        /// What is pinned is not whole, or from a version that this one does not understand.
        case damaged
    }

    public let kind: Kind
    public let message: String
    public let hint: String?
    public let cause: BPFError?

    public init(_ kind: Kind, _ message: String, hint: String? = nil, cause: BPFError? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    init(_ message: String, _ cause: BPFError) {
        self.init(cause.code == EPERM || cause.code == EACCES ? .privilege : .kernel, message, cause: cause)
    }

    public var description: String {
        [message, cause?.description, hint].compactMap(\.self).joined(separator: ": ")
    }

    /// The whole log of the kernel's verifier, where that is what refused.
    public var log: String? { cause?.log }
}

/// Runs `body`, whose failures become those of an attempt to do `what`.
func attempting<Result>(
    _ what: @autoclosure () -> String, _ body: () throws -> Result
) throws(DataplaneError) -> Result {
    do { return try body() } catch let error as DataplaneError {
        throw error
    } catch let error as BPFError {
        throw DataplaneError("cannot \(what())", error)
    } catch {
        throw DataplaneError(.kernel, "cannot \(what()): \(error)")
    }
}
