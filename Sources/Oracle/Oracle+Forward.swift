import Net
import Packets
import Plan
import Policy

extension Oracle {
    typealias NextHop = Environment.NextHop

    /// Sends a packet to a backend: encapsulated, or as it is in a frame with other addresses.
    ///
    /// - Parameter hash: of the flow.
    func forward(
        _ packet: Datagram, to backend: BackendState, of service: ServiceState, hash: UInt32, _ arrival: Arrival
    ) -> Judgement {
        let interface = state.interfaces.first { $0.index == arrival.interface }
        let method = service.forward
        let outer = method.overhead(to: backend.address.family)
        guard let (start, hop) = depart(route(to: backend, method, interface), arrival) else {
            return Judgement(.dropNoRoute)
        }
        var judgement = start
        let path = hop.mtu > 0 ? hop.mtu : interface?.mtu ?? Int.max
        let mtu = min(path, service.mtu.map(Int.init) ?? Int.max)
        if packet.bytes.count + outer > mtu { return tooBig(packet, fitting: mtu - outer, arrival) }
        let sent = encapsulated(packet, to: backend, of: service, hash: hash)
        judgement.bytes = arrival.link.frame(
            sent + Array(packet.trailer), to: hop, keepingTags: judgement.outcome == .txForwarded)
        return judgement
    }

    /// How a packet leaves by a route: the outcome, and the next hop as far as it is known here. `nil`: there is none.
    func depart(_ route: Environment.Route, _ arrival: Arrival) -> (Judgement, NextHop)? {
        var hop = NextHop(interface: 0, destination: .unknown, source: .unknown, mtu: 0)
        switch route {
        case .noRoute: return nil
        case .noNeighbour: return (Judgement(.redirectResolve), hop)
        case .neighbour(let found) where !state.interfaces.contains { $0.index == found.interface }:
            // What is none of the file's need not take frames from XDP, so the kernel sends.
            hop.mtu = found.mtu
            return (Judgement(.redirectResolve), hop)
        case .neighbour(let hop):
            var judgement = Judgement(hop.interface == arrival.interface ? .txForwarded : .redirectForwarded)
            judgement.egress = hop.interface
            return (judgement, hop)
        }
    }

    func route(
        to backend: BackendState, _ method: Service.Forward, _ interface: InterfaceState?
    ) -> Environment.Route {
        var fixed: MACAddress?
        switch (method, interface?.nextHop) {
        case (.direct, _): fixed = backend.mac
        case (_, .fixed(let mac)): fixed = mac
        case (_, _): fixed = nil
        }
        guard let fixed, let interface else { return environment.route(to: backend.address) }
        return .neighbour(
            NextHop(
                interface: interface.index, destination: fixed, source: interface.mac ?? .unknown, mtu: interface.mtu))
    }
}

extension MACAddress {
    /// Where the kernel fills in the right one.
    fileprivate static let unknown = MACAddress(octets: (0, 0, 0, 0, 0, 0))
}
