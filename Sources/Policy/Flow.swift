public import Net

/// A flow as people name it on the command line and in `tests`: who sends what to whom.
public struct Flow: Hashable, Sendable {
    public var source: IPAddress
    /// `nil`: any; the tool picks an ephemeral one where the protocol has ports.
    public var sourcePort: UInt16?
    public var destination: IPAddress
    public var ipProtocol: IPProtocol
    /// The destination's selector, see ``Net/TrafficMatch``.
    public var selector: UInt16

    public init(
        source: IPAddress, sourcePort: UInt16? = nil, destination: IPAddress, ipProtocol: IPProtocol, selector: UInt16
    ) {
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
        self.ipProtocol = ipProtocol
        self.selector = selector
    }
}
