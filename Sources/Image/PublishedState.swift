public import Plan
public import Policy

/// A state with what a later command needs to explain, repeat or change it: everything an image remembers.
public struct PublishedState: Equatable, Sendable {
    public var state: State
    /// The files it was compiled from, as they were read.
    public var sources: [SourceFile]
    /// What the operator changed since, already part of `state`.
    public var overrides: [Override]
    /// Seconds since 1970, UTC.
    public var publishedAt: UInt64

    public init(state: State, sources: [SourceFile] = [], overrides: [Override] = [], publishedAt: UInt64 = 0) {
        self.state = state
        self.sources = sources
        self.overrides = overrides
        self.publishedAt = publishedAt
    }
}
