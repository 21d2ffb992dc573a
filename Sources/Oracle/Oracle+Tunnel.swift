import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// What the node takes off this packet; `nil` where it is no tunnel that ends here.
    func tunnelEnd(of packet: Datagram, _ transport: Transport, _ arrival: Arrival) -> Decapsulation? {
        guard environment.isNode(packet.destination) || state.nodeAddresses.contains(packet.destination),
            let interface = state.interfaces.first(where: { $0.index == arrival.interface })
        else { return nil }
        return interface.decapsulate.first { one in
            one.encapsulation == .ipip
                ? packet.ipProtocol == .ipip || packet.ipProtocol == .ipv6
                : packet.ipProtocol == .udp && transport.destinationPort == one.port
        }
    }

    /// Any tunnel to the node ends here unless a rule denies it; the inner packet is what policy is about.
    mutating func judgeTunnelled(
        _ outer: Datagram, _ transport: Transport, _ end: Decapsulation, _ arrival: Arrival
    ) throws(Refusal) -> Judgement {
        let rule = decidingRule(
            from: outer.source, to: .node(outer.destination), outer.ipProtocol, transport.selector)
        if rule?.action == .deny {
            var judgement = Judgement(.dropPolicy)
            judgement.rule = Judgement.Named(rule)
            judgement.identities = identities(of: outer.source)
            return judgement
        }
        guard outer.fragment == nil else { throw .tunnel }
        let found = try content(of: outer, end)
        guard let first = found.bytes.first, first >> 4 == (found.family == .v4 ? 4 : 6) else { throw .tunnel }
        var content = Array(found.bytes)
        let behind = outer.payload.suffix(from: found.bytes.endIndex) + outer.trailer
        let ecn = try congestion(inner: try Datagram(found.bytes, found.family), outer: outer.trafficClass & 3)
        if let ecn { Self.mark(&content, found.family, ecn) }
        let inner = try Datagram(content[...], found.family)
        var judgement = try judge(inner, arrival, isInner: true)
        if judgement.action == .pass { judgement.bytes = arrival.link.frame(content + behind) }
        return judgement
    }

    // MARK: What is inside

    private struct Content {
        let bytes: ArraySlice<UInt8>
        let family: IPAddress.Family
    }

    private func content(of outer: Datagram, _ end: Decapsulation) throws(Refusal) -> Content {
        guard end.encapsulation != .ipip else {
            return Content(bytes: outer.payload, family: outer.ipProtocol == .ipip ? .v4 : .v6)
        }
        let data = outer.payload.prefix(Int(outer.payload.big16(4))).dropFirst(8)
        switch end.encapsulation {
        case .ipip, .gue: return try contentOfGUE(data)
        case .vxlan:
            guard data.count >= 8, data.byte(0) & 0x08 != 0 else { throw .tunnel }
            try checkNetwork(data, end)
            return try contentOfFrame(data.dropFirst(8))
        case .geneve:
            // Version 0, neither control nor critical options.
            guard data.count >= 8, data.byte(0) >> 6 == 0, data.byte(1) & 0xC0 == 0 else { throw .tunnel }
            try checkNetwork(data, end)
            let rest = data.dropFirst(8 + Int(data.byte(0) & 0x3F) * 4)
            return data.big16(2) == 0x6558
                ? try contentOfFrame(rest) : Content(bytes: rest, family: try family(data.big16(2)))
        }
    }

    /// Variant 0 without control, fields and flags, or variant 1, which is the IP packet itself.
    private func contentOfGUE(_ data: ArraySlice<UInt8>) throws(Refusal) -> Content {
        guard data.count >= 4 else { throw .tunnel }
        if data.byte(0) >> 6 == 1 {
            guard [4, 6].contains(data.byte(0) >> 4) else { throw .tunnel }
            return Content(bytes: data, family: data.byte(0) >> 4 == 4 ? .v4 : .v6)
        }
        guard data.byte(0) == 0, data.big16(2) == 0, [4, 41].contains(data.byte(1)) else { throw .tunnel }
        return Content(bytes: data.dropFirst(4), family: data.byte(1) == 4 ? .v4 : .v6)
    }

    private func checkNetwork(_ data: ArraySlice<UInt8>, _ end: Decapsulation) throws(Refusal) {
        guard end.vnis.isEmpty || end.vnis.contains(data.big32(4) >> 8) else { throw .tunnelVNI }
    }

    private func contentOfFrame(_ frame: ArraySlice<UInt8>) throws(Refusal) -> Content {
        guard frame.count >= 14 else { throw .tunnel }
        return Content(bytes: frame.dropFirst(14), family: try family(frame.big16(12)))
    }

    private func family(_ etherType: UInt16) throws(Refusal) -> IPAddress.Family {
        switch etherType {
        case 0x0800: return .v4
        case 0x86DD: return .v6
        default: throw .tunnel
        }
    }

    // MARK: Congestion on the way

    private static let (ect1, ect0, congested): (UInt8, UInt8, UInt8) = (1, 2, 3)

    /// The inner packet's new ECN field (RFC 6040, figure 4); `nil` where it stays.
    private func congestion(inner: Datagram, outer: UInt8) throws(Refusal) -> UInt8? {
        switch (inner.trafficClass & 3, outer) {
        case (0, Self.congested): throw .tunnelECN
        case (Self.ect0, Self.ect1): return Self.ect1
        case (Self.ect0, Self.congested), (Self.ect1, Self.congested): return Self.congested
        default: return nil
        }
    }

    private static func mark(_ packet: inout [UInt8], _ family: IPAddress.Family, _ ecn: UInt8) {
        let before = packet[...].big16(0)
        switch family {
        case .v4:
            packet[1] = packet[1] & ~3 | ecn
            packet.store(
                big: InternetChecksum.updated(packet[...].big16(10), from: before, to: packet[...].big16(0)), at: 10)
        case .v6: packet[1] = packet[1] & ~0x30 | ecn << 4
        }
    }
}
