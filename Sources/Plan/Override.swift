public import Net

/// What an operator changed through the CLI, kept until `apply --reset`.
public struct Override: Hashable, Sendable {
    public enum Change: Hashable, Sendable {
        case add(address: IPAddress, weight: UInt16)
        case remove
        case drain
        case undrain
        case weight(UInt16)
    }

    public var service: String
    public var backend: String
    public var change: Change

    public init(service: String, backend: String, change: Change) {
        self.service = service
        self.backend = backend
        self.change = change
    }
}
