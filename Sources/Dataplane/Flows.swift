public import Net

/// A flow that is remembered.
public struct FlowEntry: Sendable {
    public enum Kind: Sendable {
        /// A flow that the node opened; `source` is the peer.
        case tracked(TrackedState)
        /// A datagram flow that a peer opened.
        case inbound(TrackedState)
        /// A flow that keeps its backend: the backend's slot and tag. The state is TCP's; others stay `opening`.
        case connection(backendSlot: UInt32, tag: UInt32, state: TrackedState)
        /// A client, `source`, that keeps its backend: the service's slot, the backend's and its tag.
        case client(serviceSlot: UInt32, backendSlot: UInt32, tag: UInt32)
        /// A flow through a service that forwards by `nat`.
        case translated(TrackedState, Translation)
    }

    /// What a client's packets are turned into.
    public struct Translation: Sendable {
        public var backendSlot: UInt32
        public var source: IPAddress
        public var sourcePort: UInt16
        public var destination: IPAddress
        public var destinationPort: UInt16
    }

    public enum TrackedState: UInt32, Sendable { case opening, open, closing }

    public var kind: Kind
    public var source: IPAddress
    /// `nil` for clients.
    public var destination: IPAddress?
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var proto: UInt8
    /// Since its last packet.
    public var idle: Duration
}
