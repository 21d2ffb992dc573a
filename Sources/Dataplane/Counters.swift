internal import DataplaneABI

/// Packets, and bytes of whole frames as they came in.
public struct Tally: Hashable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    public static func + (a: Tally, b: Tally) -> Tally {
        Tally(packets: a.packets &+ b.packets, bytes: a.bytes &+ b.bytes)
    }

    public static func += (a: inout Tally, b: Tally) { a = a + b }
}

/// All counters at one moment, summed over CPUs. A slot beyond the room reads as zero.
public struct CounterSnapshot: Sendable {
    let layout: CounterLayout
    let totals: [Tally]

    /// Interface slots that have counters, 0 (any other interface) included.
    public var interfaceSlots: Range<UInt32> { 0..<layout.interfaces }

    public func outcome(_ outcome: Outcome, interface slot: UInt32) -> Tally {
        self[layout.outcome(outcome.rawValue, interface: slot)]
    }

    public func outcome(_ outcome: Outcome) -> Tally {
        interfaceSlots.reduce(into: Tally()) { $0 += self.outcome(outcome, interface: $1) }
    }

    /// Packets of flows that went by hash and were not remembered, since too many began in that second.
    public var unremembered: UInt64 { outcome(Outcome(rawValue: UInt32(NOTICE_UNREMEMBERED))).packets }

    /// Packets that the rule in `slot` decided; slot 0 is the default's.
    public func rule(_ slot: UInt32, interface: UInt32) -> Tally { self[layout.rule(slot, interface: interface)] }

    public func rule(_ slot: UInt32) -> Tally {
        interfaceSlots.reduce(into: Tally()) { $0 += rule(slot, interface: $1) }
    }

    public func service(_ slot: UInt32) -> Tally { self[layout.service(slot)] }

    /// Datagrams of the service whose QUIC connection ID should name a backend and names none.
    public func unknownQUIC(_ slot: UInt32) -> Tally { self[layout.quic(slot)] }

    public func backend(_ slot: UInt32) -> Tally { self[layout.backend(slot)] }

    private subscript(index: Int?) -> Tally { index.map { totals[$0] } ?? Tally() }
}
