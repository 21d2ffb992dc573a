/// What becomes of one frame, and why.
public struct Judgement: Equatable, Sendable {
    /// A rule, service or backend.
    public struct Named: Equatable, Sendable {
        public var name: String
        /// Its counter's place, see `State`.
        public var slot: UInt32

        public init(name: String, slot: UInt32) {
            self.name = name
            self.slot = slot
        }
    }

    public var outcome: Outcome
    public var action: FrameAction
    /// The rule that decided, `default` (slot 0) where none did; `nil` where no policy was asked, or where its refusal
    /// did not count because the packet is a reply.
    public var rule: Named?
    /// Also where the packet was refused.
    public var service: Named?
    public var backend: Named?
    /// Names of the identities that hold the address whose rights were asked for: the source, or the client that an
    /// ICMP error quotes; rising by their place in the state.
    public var identities: [String] = []
    /// The frame as sent, or as passed where it was changed; `nil` where it is dropped or stays as it came.
    public var bytes: [UInt8]?
    /// Index of the interface that it is sent through; `nil` where it is not sent, or the kernel is to find out.
    public var egress: UInt32?
    /// Where a translated packet goes; the kernel's stack where it is `nil`.
    var hop: Environment.NextHop?

    init(_ outcome: Outcome) {
        self.outcome = outcome
        action = outcome.action
    }
}

/// Ends a packet's journey.
struct Refusal: Error {
    let outcome: Outcome

    static let malformed = Refusal(outcome: .dropMalformed)
    static let notIP = Refusal(outcome: .dropNotIP)
    static let fragment = Refusal(outcome: .dropFragment)
    static let tunnel = Refusal(outcome: .dropTunnel)
    static let tunnelVNI = Refusal(outcome: .dropTunnelVNI)
    static let tunnelECN = Refusal(outcome: .dropTunnelECN)
}
