import Net
import Packets
import Plan
import Policy

extension Oracle {
    /// What is sent to a backend: the packet in the headers of the service's method.
    func encapsulated(_ packet: Datagram, to backend: BackendState, of service: ServiceState, hash: UInt32) -> [UInt8] {
        let inner = Array(packet.bytes)
        let ipProtocol: IPProtocol = packet.family == .v4 ? .ipip : .ipv6
        var shim: [UInt8]
        switch service.forward.encapsulation {
        case nil: return inner
        case .ipip: return outer(packet, to: backend, .raw(ipProtocol, inner))
        case .gue: shim = [0, ipProtocol.number, 0, 0]
        case .vxlan: shim = [0x08, 0, 0, 0] + Self.network(service.vni) + ethernet(packet, to: backend)
        case .geneve: shim = [0, 0, 0x65, 0x58] + Self.network(service.vni) + ethernet(packet, to: backend)
        }
        var datagram = UDPDatagram(
            from: 49152 + UInt16(hash & 0x3FFF), to: service.tunnelPort, data: shim + inner)
        // Computed only where no payload need be added up, which no one may see to be wrong.
        if backend.address.family == .v4 || !isSummed(packet) { datagram.checksum = 0 }
        if datagram.checksum == nil { datagram.checksum = foreseenChecksum(of: datagram, around: packet, to: backend) }
        return outer(packet, to: backend, .udp(datagram))
    }

    private static func network(_ vni: UInt32) -> [UInt8] {
        [UInt8(vni >> 16 & 0xFF), UInt8(vni >> 8 & 0xFF), UInt8(vni & 0xFF), 0]
    }

    /// To the backend's device, from what follows from the address that the tunnel is sent from.
    private func ethernet(_ packet: Datagram, to backend: BackendState) -> [UInt8] {
        var header = (backend.mac ?? MACAddress(derivedFrom: backend.address)).bytes
        header += [0x02, 0x01] + (backend.tunnelSource?.bytes.suffix(4) ?? [0, 0, 0, 0])
        header += packet.family == .v4 ? [0x08, 0x00] : [0x86, 0xDD]
        return header
    }

    /// DSCP and ECN are the packet's (RFC 6040), the TTL is 64, and DF is set.
    private func outer(_ packet: Datagram, to backend: BackendState, _ payload: Payload) -> [UInt8] {
        switch backend.address {
        case .v4(let address):
            var outer = IPv4Packet(from: IPv4Address(0), to: address, payload)
            if case .v4(let source) = backend.tunnelSource { outer.source = source }
            outer.trafficClass = packet.trafficClass
            return outer.bytes
        case .v6(let address):
            var outer = IPv6Packet(from: IPv6Address(high: 0, low: 0), to: address, payload)
            if case .v6(let source) = backend.tunnelSource { outer.source = source }
            outer.trafficClass = packet.trafficClass
            return outer.bytes
        }
    }

    // MARK: The checksum over IPv6

    /// The packet has a checksum over all that follows its header, an IPv6 header without extensions or an IPv4 header.
    private func isSummed(_ packet: Datagram) -> Bool {
        guard packet.fragment == nil, packet.family == .v4 || packet.bytes.count - packet.payload.count == 40 else {
            return false
        }
        return switch packet.ipProtocol {
        case .tcp: true
        case .udp: packet.payload.big16(6) != 0 && Int(packet.payload.big16(4)) == packet.payload.count
        default: packet.isICMP
        }
    }

    /// The right checksum where those inside are right; where one is not, what is wrong inside is wrong outside, too.
    private func foreseenChecksum(
        of datagram: UDPDatagram, around packet: Datagram, to backend: BackendState
    ) -> UInt16 {
        var checksum = InternetChecksum(
            from: backend.tunnelSource ?? .v6(IPv6Address(high: 0, low: 0)), to: backend.address, .udp,
            length: 8 + datagram.data.count)
        var header: [UInt8] = []
        header.append(big: datagram.sourcePort)
        header.append(big: datagram.destinationPort)
        header.append(big: UInt16(8 + datagram.data.count))
        checksum.add(header)
        checksum.add(datagram.data.prefix(datagram.data.count - packet.bytes.count))
        if packet.family == .v6 { checksum.add(packet.bytes.prefix(40)) }
        // Header and payload of the transport add up to the complement of what else its checksum is of; a right IPv4
        // header adds up to nothing.
        if packet.ipProtocol != .icmp {
            let rest = InternetChecksum(
                from: packet.source, to: packet.destination, packet.ipProtocol, length: packet.payload.count)
            var complement: [UInt8] = []
            complement.append(big: rest.value)
            checksum.add(complement)
        }
        return checksum.value == 0 ? 0xFFFF : checksum.value
    }
}
