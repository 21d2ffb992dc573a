public import Net

/// What the kernel around the data path knows.
public struct Environment: Sendable {
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
    /// By the destination of what is sent: a backend's address, or a client's that a backend answers.
    public var routes: [IPAddress: Route]
    /// For destinations that `routes` does not list, longest prefix first. What no prefix holds has no route.
    public var networks: [(prefix: Prefix, route: Route)] = []
    /// The rate limits leave room for answers to packets that are dropped.
    public var answers = true

    public init(localAddresses: Set<IPAddress> = [], routes: [IPAddress: Route] = [:]) {
        self.localAddresses = localAddresses
        self.routes = routes
    }

    /// The way from the node to `destination`, which is none where the node itself has the address.
    func route(to destination: IPAddress) -> Route {
        if let route = routes[destination] { return route }
        guard !isNode(destination) else { return .noRoute }
        return networks.first { $0.prefix.contains(destination) }?.route ?? .noRoute
    }

    func isNode(_ destination: IPAddress) -> Bool {
        switch destination {
        case .v4(let v4): v4.isMulticast || v4.isLimitedBroadcast || localAddresses.contains(destination)
        // No router forwards to a link-local address (RFC 4291, section 2.5.6).
        case .v6(let v6): v6.isMulticast || v6.isLinkLocal || localAddresses.contains(destination)
        }
    }
}
