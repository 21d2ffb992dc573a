public import BPF
internal import DataplaneABI
public import Net

/// How the kernel's program would treat one packet.
public struct DryRun: Sendable {
    public var outcome: Outcome
    public var action: XDPAction
    /// The frame as it would leave.
    public var packet: [UInt8]
    public var trace: Trace
}

/// How a dry run came to its verdict: `struct trace` of `bpf/abi/report.h`. Numbers are those of the image it ran on.
public struct Trace: Sendable {
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `cell` was read.
        public static let policy = Flags(rawValue: 1)
        /// A service matched: `service`.
        public static let service = Flags(rawValue: 2)
        /// A backend was chosen: `slot`, `backend`.
        public static let backend = Flags(rawValue: 4)
        /// The connection belongs to the slot's previous backend.
        public static let previous = Flags(rawValue: 8)
        /// The connection was remembered.
        public static let known = Flags(rawValue: 16)
        public static let node = Flags(rawValue: 32)
        public static let transit = Flags(rawValue: 64)
        /// Judged by the packet that an ICMP error quotes.
        public static let icmpError = Flags(rawValue: 128)
        public static let decapsulated = Flags(rawValue: 256)
        /// `nextHopIndex` and `nextHopMAC` are known.
        public static let nextHop = Flags(rawValue: 512)
        public static let echo = Flags(rawValue: 1024)
        /// The scheduler chose, and `slot` is a place in the service's sequence.
        public static let scheduled = Flags(rawValue: 2048)
        /// The client has this backend.
        public static let affinity = Flags(rawValue: 4096)
        /// The packet names its backend in a QUIC connection ID.
        public static let quic = Flags(rawValue: 65536)
    }

    public var flags: Flags
    /// The source address's value in the image.
    public var sourceValue: UInt32
    public var destinationValue: UInt32
    public var cell: UInt32
    public var subject: UInt32
    public var portClass: UInt32
    /// Index in the image.
    public var service: UInt32
    public var hash: UInt32
    public var slot: UInt32
    /// Index in the image.
    public var backend: UInt32
    /// The kernel's index of the interface to send through.
    public var nextHopIndex: UInt32
    public var nextHopMAC: MACAddress?
}

extension Trace {
    init(_ trace: trace) {
        flags = Flags(rawValue: trace.flags)
        sourceValue = trace.source_value
        destinationValue = trace.destination_value
        cell = trace.cell
        subject = trace.subject
        portClass = trace.port_class
        service = trace.service
        hash = trace.hash
        slot = trace.slot
        backend = trace.backend
        nextHopIndex = trace.nexthop_index
        nextHopMAC = withUnsafeBytes(of: trace.nexthop_mac) { MACAddress(bytes: $0) }
    }
}
