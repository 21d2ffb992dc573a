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

    // MARK: Too big

    private static let smallestMTU6 = 1280
    private static let longestQuote6 = 512

    /// Drops the packet and tells its sender, from the VIP, what would have fitted. An ICMP error is never answered,
    /// nor is a later fragment (RFC 1122, section 3.2.2).
    private func tooBig(_ packet: Datagram, fitting mtu: Int, _ arrival: Arrival) -> Judgement {
        var judgement = Judgement(.dropTooBig)
        guard environment.tellsTooBig, !packet.isICMP, !packet.isLaterFragment else { return judgement }
        let fitting = UInt32(max(0, min(mtu, 0xFFFF)))
        let payload: Payload =
            switch packet.family {
            case .v4:
                .icmp(
                    ICMPMessage(
                        error: 3, code: 4, parameter: fitting, quote: packet.bytes.prefix(packet.headerLength + 8)))
            case .v6:
                .icmpv6(
                    ICMPMessage(
                        error: 2, parameter: max(fitting, UInt32(Self.smallestMTU6)),
                        quote: packet.bytes.prefix(Self.longestQuote6)))
            }
        var answer = IPPacket(from: packet.destination, to: packet.source, payload)
        if case .v4(var plain) = answer {
            plain.dontFragment = false
            answer = .v4(plain)
        }
        judgement.action = .tx
        judgement.egress = arrival.interface
        judgement.bytes = arrival.link.answer(answer.bytes)
        return judgement
    }
}

extension MACAddress {
    /// Where the kernel fills in the right one.
    fileprivate static let unknown = MACAddress(octets: (0, 0, 0, 0, 0, 0))
}
