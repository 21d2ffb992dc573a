import Net

extension PacketGenerator {
    /// In a tunnel to one of the ends, now and then in one that is not quite right.
    mutating func tunnelled(_ inner: IPPacket) -> IPPacket {
        let end = random.pick(interests.tunnelEnds)
        let kinds = Interests.UDPTunnel.allCases.filter { interests.tunnelPorts[$0] != nil }
        var outer = IPPacket(from: address(interests.sources, end.family), to: end, .ip(inner))
        if !kinds.isEmpty, random.chance(60) {
            let kind = random.pick(kinds)
            var datagram = UDPDatagram(
                from: random.number(), to: interests.tunnelPorts[kind] ?? 0, data: shim(kind, inner) + inner.bytes)
            if random.chance(50) { datagram.checksum = 0 }
            if random.chance(5) { datagram.data.removeLast(Int.random(in: 1...datagram.data.count, using: &random)) }
            outer.payload = .udp(datagram)
        } else if random.chance(5) {
            outer.payload = .raw(random.pick([.ipip, .ipv6]), random.chance(50) ? [] : inner.bytes)
        }
        // Marks of congestion on the way.
        guard random.chance(30) else { return outer }
        switch outer {
        case .v4(var packet):
            packet.trafficClass = random.number()
            return .v4(packet)
        case .v6(var packet):
            packet.trafficClass = random.number()
            return .v6(packet)
        }
    }

    /// What stands between UDP and the inner packet.
    private mutating func shim(_ kind: Interests.UDPTunnel, _ inner: IPPacket) -> [UInt8] {
        var bytes: [UInt8]
        switch kind {
        case .gue:
            // Variant 1 has no header.
            if random.chance(25) { return [] }
            bytes = [0, inner.payloadProtocolInTunnels, 0, 0]
        case .vxlan:
            bytes = [0x08, 0, 0, 0]
            bytes.append(big: random.pick(interests.networks) << 8)
            bytes += ethernet(inner)
        case .geneve:
            let options: UInt8 = random.pick([0, 0, 1, 3])
            bytes = [options, 0]
            let isEthernet = random.chance(80)
            bytes.append(big: isEthernet ? 0x6558 : inner.etherType)
            bytes.append(big: random.pick(interests.networks) << 8)
            bytes += random.bytes(Int(options) * 4)
            if isEthernet { bytes += ethernet(inner) }
        }
        if random.chance(15) {
            bytes[Int.random(in: 0..<min(bytes.count, 8), using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
        }
        return bytes
    }

    private mutating func ethernet(_ inner: IPPacket) -> [UInt8] {
        var bytes = random.bytes(12)
        bytes.append(big: random.chance(90) ? inner.etherType : random.pick([0x0806, 0x8100, 0x0800, 0x86DD]))
        return bytes
    }
}

extension IPPacket {
    fileprivate var payloadProtocolInTunnels: UInt8 {
        switch self {
        case .v4: IPProtocol.ipip.number
        case .v6: IPProtocol.ipv6.number
        }
    }
}
