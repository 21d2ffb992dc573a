import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// Sends a packet to a backend: encapsulated, or as it is in a frame with other addresses.
    func forward(
        _ packet: Datagram, to backend: BackendState, _ method: Service.Forward, _ arrival: Arrival
    ) -> Judgement {
        let outer = method == .ipip ? backend.address.family == .v4 ? 20 : 40 : 0
        let sent =
            (method == .ipip ? encapsulated(packet, to: backend) : Array(packet.bytes)) + Array(packet.trailer)
        switch route(to: backend, method, arrival.interface) {
        case .noRoute: return Judgement(.dropNoRoute)
        case .noNeighbour:
            var judgement = Judgement(.redirectResolve)
            judgement.bytes = arrival.link.frame(sent)
            return judgement
        case .neighbour(let hop):
            guard packet.bytes.count + outer <= hop.mtu else {
                return tooBig(packet, fitting: hop.mtu - outer, arrival)
            }
            let staysHere = hop.interface == arrival.interface
            var judgement = Judgement(staysHere ? .txForwarded : .redirectForwarded)
            judgement.egress = hop.interface
            judgement.bytes = arrival.link.frame(sent, to: hop, keepingTags: staysHere)
            return judgement
        }
    }

    private func route(to backend: BackendState, _ method: Service.Forward, _ index: UInt32) -> Environment.Route {
        let interface = state.interfaces.first { $0.index == index }
        var fixed: MACAddress?
        switch (method, interface?.nextHop) {
        case (.direct, _): fixed = backend.mac
        case (.ipip, .fixed(let mac)): fixed = mac
        case (.ipip, _): fixed = nil
        }
        guard let fixed else { return environment.routes[backend.address] ?? .noRoute }
        guard let interface, let own = interface.mac else { return .noRoute }
        return .neighbour(
            Environment.NextHop(interface: index, destination: fixed, source: own, mtu: interface.mtu))
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

    // MARK: Too big

    private static let smallestMTU6 = 1280
    private static let longestQuote6 = 512

    /// Drops the packet and tells its sender, from the VIP, what would have fitted. An ICMP error is never answered,
    /// nor is a later fragment (RFC 1122, section 3.2.2).
    private func tooBig(_ packet: Datagram, fitting mtu: Int, _ arrival: Arrival) -> Judgement {
        var judgement = Judgement(.dropTooBig)
        guard environment.tellsTooBig, !packet.ipProtocol.isICMP, !packet.isLaterFragment else { return judgement }
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
        let answer = IPPacket(from: packet.destination, to: packet.source, payload)
        judgement.action = .tx
        judgement.egress = arrival.interface
        judgement.bytes = arrival.link.answer(answer.bytes)
        return judgement
    }
}
