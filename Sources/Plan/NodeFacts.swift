public import Net

/// What the node adds to the document.
public struct NodeFacts: Equatable, Sendable {
    public struct Link: Equatable, Sendable {
        public var name: String
        public var index: UInt32
        public var mtu: Int
        public var mac: MACAddress?
        public var addresses: [IPAddress]

        public init(name: String, index: UInt32, mtu: Int, mac: MACAddress?, addresses: [IPAddress]) {
            self.name = name
            self.index = index
            self.mtu = mtu
            self.mac = mac
            self.addresses = addresses
        }
    }

    public var links: [Link]
    /// The source address that the kernel would send from, per tunnel destination it has a route to.
    public var routeSources: [IPAddress: IPAddress]
    /// `CLOCK_MONOTONIC`, seconds.
    public var now: UInt64

    public init(links: [Link], routeSources: [IPAddress: IPAddress] = [:], now: UInt64 = 0) {
        self.links = links
        self.routeSources = routeSources
        self.now = now
    }
}
