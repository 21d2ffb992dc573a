public import Net

/// A dropped packet, as sampled. Addresses and ports are nil where the packet was dropped before they were read.
public struct DropEvent: Sendable {
    /// `CLOCK_MONOTONIC`.
    public var time: Duration
    public var outcome: Outcome
    /// The kernel's index.
    public var interfaceIndex: UInt32
    /// The deciding rule's slot, 0 for none.
    public var ruleSlot: UInt32
    /// Of the frame, in bytes.
    public var length: Int
    public var source: IPAddress?
    public var destination: IPAddress?
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var proto: UInt8
}

/// The stream of sampled drops. One reader at a time gets each event once.
public final class DropEvents {
    /// Waits up to `timeout` for events and hands each to `body`; returns how many there were.
    @discardableResult
    public func poll(timeout: Duration, _ body: (DropEvent) -> Void) throws(DataplaneError) -> Int {
        throw DataplaneError(.kernel, "not written")
    }
}
