import Net

/// Which address tunnelled packets are sent from.
struct TunnelSources {
    private let written: [IPAddress]
    private let routes: [IPAddress: IPAddress]
    /// The first interface's own, for when nothing else is known.
    private let fallback: [IPAddress]
    private let interface: String?

    /// - Parameter vips: The services' addresses; they name no node and so are no source, should the node have them.
    init(interfaces: [InterfaceState], facts: NodeFacts, vips: some Sequence<Prefix>) {
        written = interfaces.flatMap(\.tunnelSources)
        routes = facts.routeSources
        interface = interfaces.first?.name
        let link = facts.links.first { $0.name == interfaces.first?.name }
        fallback = (link?.addresses ?? []).filter { address in
            address.isGlobal && !vips.contains { $0.contains(address) }
        }
    }

    /// Of the family of `destination`: what the file says, else what the kernel's routes say, else the interface's.
    func source(to destination: IPAddress) -> IPAddress? {
        let family = destination.family
        return written.first { $0.family == family } ?? routes[destination] ?? fallback.first { $0.family == family }
    }

    func absence(of family: IPAddress.Family) -> (what: String, hint: String) {
        let version = family == .v4 ? "IPv4" : "IPv6"
        guard let interface else {
            return ("there is no interface to send tunnels from", "name one under interfaces")
        }
        return (
            "interface \(interface) has no \(version) address to send tunnels from",
            "give it one, or write its tunnel-source"
        )
    }
}

extension IPAddress {
    var isLoopback: Bool {
        switch self {
        case .v4(let address): address.isLoopback
        case .v6(let address): address.isLoopback
        }
    }

    /// Can be sent from to other networks.
    fileprivate var isGlobal: Bool {
        if case .v6(let address) = self, address.isLinkLocal { return false }
        return !isLoopback
    }
}
