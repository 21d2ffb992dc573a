public import Net

/// What the kernel around the data path knows.
public struct Environment: Equatable, Sendable {
    public struct NextHop: Equatable, Sendable {
        public var interface: UInt32
        public var destination: MACAddress
        public var source: MACAddress
        /// Bytes of IP packet that the path takes; 0: as the interface that the packet came from.
        public var mtu: Int

        public init(interface: UInt32, destination: MACAddress, source: MACAddress, mtu: Int) {
            self.interface = interface
            self.destination = destination
            self.source = source
            self.mtu = mtu
        }
    }

    public enum Route: Equatable, Sendable {
        case neighbour(NextHop)
        /// There is a route, but the next hop's hardware address has yet to be asked for. The path's MTU is not known
        /// then, so the interface's that the packet came from is taken.
        case noNeighbour
        case noRoute
    }

    /// Where the kernel delivers instead of forwarding: the node's own addresses and its networks' broadcast
    /// addresses. Multicast and 255.255.255.255 need not be listed.
    public var localAddresses: Set<IPAddress>
    /// By the destination of what is sent: a backend's address. A destination that is not listed has no route.
    public var routes: [IPAddress: Route]
    /// The rate limits leave room for answers to packets that are dropped.
    public var answers = true

    public init(localAddresses: Set<IPAddress> = [], routes: [IPAddress: Route] = [:]) {
        self.localAddresses = localAddresses
        self.routes = routes
    }

    func isNode(_ destination: IPAddress) -> Bool {
        switch destination {
        case .v4(let v4): v4.isMulticast || v4.isLimitedBroadcast || localAddresses.contains(destination)
        // No router forwards to a link-local address (RFC 4291, section 2.5.6).
        case .v6(let v6): v6.isMulticast || v6.isLinkLocal || localAddresses.contains(destination)
        }
    }
}
