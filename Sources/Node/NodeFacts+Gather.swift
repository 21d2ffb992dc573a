import Glibc
public import Net
public import Plan

extension NodeFacts {
    /// What the kernel says about this network namespace at this moment.
    ///
    /// - Parameter destinations: Addresses that tunnelled packets may go to. Each that the node has a route to gets an
    ///   entry in ``NodeFacts/routeSources``.
    public static func gather(
        tunnelDestinations destinations: some Sequence<IPAddress> = EmptyCollection<IPAddress>()
    ) throws(NodeError) -> NodeFacts {
        NodeFacts(
            links: try Link.all(), routeSources: try routeSources(to: destinations), now: monotonicSeconds())
    }

    /// The clock that the data path's times are in: `CLOCK_MONOTONIC`, whole seconds.
    public static func monotonicSeconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec)
    }

    private static func routeSources(
        to destinations: some Sequence<IPAddress>
    ) throws(NodeError) -> [IPAddress: IPAddress] {
        let wanted = Dictionary(grouping: Set(destinations), by: \.family)
        var sources: [IPAddress: IPAddress] = [:]
        for (_, addresses) in wanted {
            guard let first = addresses.first else { continue }
            let socket = try DatagramSocket(family: first.socketFamily)
            for address in addresses { sources[address] = socket.routeSource(to: address) }
        }
        return sources
    }
}
