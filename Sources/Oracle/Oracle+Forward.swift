import Net
import Packets
import Plan
import Policy

extension Oracle {
    private typealias NextHop = Environment.NextHop

    /// Sends a packet to a backend: encapsulated, or as it is in a frame with other addresses.
    ///
    /// - Parameter hash: of the flow.
    func forward(
        _ packet: Datagram, to backend: BackendState, of service: ServiceState, hash: UInt32, _ arrival: Arrival
    ) -> Judgement {
        let interface = state.interfaces.first { $0.index == arrival.interface }
        let method = service.forward
        let outer = method.overhead(to: backend.address.family)
        var judgement: Judgement
        var hop = NextHop(interface: 0, destination: .unknown, source: .unknown, mtu: 0)
        switch route(to: backend, method, interface) {
        case .noRoute: return Judgement(.dropNoRoute)
        case .noNeighbour: judgement = Judgement(.redirectResolve)
        case .neighbour(let found):
            hop = found
            judgement = Judgement(hop.interface == arrival.interface ? .txForwarded : .redirectForwarded)
            judgement.egress = hop.interface
        }
        let path = hop.mtu > 0 ? hop.mtu : interface?.mtu ?? Int.max
        let mtu = min(path, service.mtu.map(Int.init) ?? Int.max)
        if packet.bytes.count + outer > mtu { return tooBig(packet, fitting: mtu - outer, arrival) }
        let sent = encapsulated(packet, to: backend, of: service, hash: hash)
        judgement.bytes = arrival.link.frame(
            sent + Array(packet.trailer), to: hop, keepingTags: judgement.outcome == .txForwarded)
        return judgement
    }

    private func route(
        to backend: BackendState, _ method: Service.Forward, _ interface: InterfaceState?
    ) -> Environment.Route {
        var fixed: MACAddress?
        switch (method.encapsulation, interface?.nextHop) {
        case (nil, _): fixed = backend.mac
        case (_, .fixed(let mac)): fixed = mac
        case (_, _): fixed = nil
        }
        guard let fixed, let interface else { return environment.routes[backend.address] ?? .noRoute }
        return .neighbour(
            NextHop(
                interface: interface.index, destination: fixed, source: interface.mac ?? .unknown, mtu: interface.mtu))
    }
}

extension MACAddress {
    /// Where the kernel fills in the right one.
    fileprivate static let unknown = MACAddress(octets: (0, 0, 0, 0, 0, 0))
}
