import Net
import Packets
import Plan
import Policy

extension Oracle {
    typealias NextHop = Environment.NextHop

    /// Sends a packet to a backend: encapsulated, or as it is in a frame with other addresses.
    func forward(
        _ packet: Datagram, to backend: BackendState, _ method: Service.Forward, _ arrival: Arrival
    ) -> Judgement {
        let interface = state.interfaces.first { $0.index == arrival.interface }
        let outer = method == .direct ? 0 : backend.address.family == .v4 ? 20 : 40
        guard let (start, hop) = depart(route(to: backend, method, interface), arrival) else {
            return Judgement(.dropNoRoute)
        }
        var judgement = start
        let mtu = hop.mtu > 0 ? hop.mtu : interface?.mtu ?? Int.max
        if packet.bytes.count + outer > mtu { return tooBig(packet, fitting: mtu - outer, arrival) }
        let sent = method == .direct ? Array(packet.bytes) : encapsulated(packet, to: backend)
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
        case (.ipip, .fixed(let mac)), (.nat, .fixed(let mac)): fixed = mac
        case (.ipip, _), (.nat, _): fixed = nil
        }
        guard let fixed, let interface else { return environment.route(to: backend.address) }
        return .neighbour(
            NextHop(
                interface: interface.index, destination: fixed, source: interface.mac ?? .unknown, mtu: interface.mtu))
    }

    /// In an outer header with DSCP and ECN copied (RFC 6040), TTL 64, and DF set.
    private func encapsulated(_ packet: Datagram, to backend: BackendState) -> [UInt8] {
        let inner = Payload.raw(packet.family == .v4 ? .ipip : .ipv6, Array(packet.bytes))
        switch backend.address {
        case .v4(let address):
            var outer = IPv4Packet(from: IPv4Address(0), to: address, inner)
            if case .v4(let source) = backend.tunnelSource { outer.source = source }
            outer.trafficClass = packet.trafficClass
            return outer.bytes
        case .v6(let address):
            var outer = IPv6Packet(from: IPv6Address(high: 0, low: 0), to: address, inner)
            if case .v6(let source) = backend.tunnelSource { outer.source = source }
            outer.trafficClass = packet.trafficClass
            return outer.bytes
        }
    }
}

extension MACAddress {
    /// Where the kernel fills in the right one.
    fileprivate static let unknown = MACAddress(octets: (0, 0, 0, 0, 0, 0))
}
