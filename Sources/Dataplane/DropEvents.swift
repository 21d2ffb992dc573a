internal import BPF
internal import DataplaneABI
public import Net

/// A dropped packet, as sampled. Addresses are nil, and ports and protocol 0, where the packet was dropped before they
/// were read.
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
    private let ring: RingBuffer

    init(_ map: consuming MapHandle) throws(BPFError) { ring = try RingBuffer(map) }

    /// Waits up to `timeout` for events and hands each to `body`; returns how many there were.
    @discardableResult
    public func poll(timeout: Duration, _ body: (DropEvent) -> Void) throws(DataplaneError) -> Int {
        do {
            return try ring.poll(timeout: timeout) { record in
                guard record.count >= MemoryLayout<drop_event>.size else { return }
                body(DropEvent(record.loadUnaligned(as: drop_event.self)))
            }
        } catch {
            throw DataplaneError("cannot read drop events", error)
        }
    }
}

extension DropEvent {
    init(_ event: drop_event) {
        time = .nanoseconds(Int64(clamping: event.time))
        outcome = Outcome(rawValue: UInt32(event.outcome))
        interfaceIndex = event.interface
        ruleSlot = event.rule
        length = Int(event.length)
        let isAddressed = event.source != (0, 0) || event.destination != (0, 0)
        source = isAddressed ? IPAddress(mapped: event.source) : nil
        destination = isAddressed ? IPAddress(mapped: event.destination) : nil
        sourcePort = UInt16(bigEndian: event.source_port)
        destinationPort = UInt16(bigEndian: event.destination_port)
        proto = event.protocol
    }
}
