import Net
import Packets

/// A packet whose addresses and ports are being replaced, with the checksums over them kept as right or wrong as they
/// were.
struct Rewriting {
    private(set) var bytes: [UInt8]
    private let family: IPAddress.Family
    private let payload: Int
    private let ipProtocol: IPProtocol

    init(_ packet: Datagram) {
        bytes = Array(packet.bytes)
        family = packet.family
        payload = packet.bytes.count - packet.payload.count
        ipProtocol = packet.ipProtocol
    }

    /// Words of the packet that changed, which checksums must follow.
    private typealias Changes = [(old: UInt16, new: UInt16)]

    private func word(_ offset: Int) -> UInt16 { bytes[offset...].big16(0) }

    private mutating func set(_ offset: Int, _ new: UInt16) -> Changes {
        let old = word(offset)
        bytes.store(big: new, at: offset)
        return [(old, new)]
    }

    private mutating func follow(_ changes: Changes, checksumAt offset: Int, isUDP: Bool = false) -> Changes {
        let old = word(offset)
        if isUDP, old == 0 { return [] }
        var checksum = old
        for change in changes { checksum = InternetChecksum.updated(checksum, from: change.old, to: change.new) }
        return set(offset, isUDP && checksum == 0 ? 0xFFFF : checksum)
    }

    /// Addresses of the header at `start`; the changes are those of a pseudo header.
    private mutating func turnHeader(
        at start: Int, from source: IPAddress, to destination: IPAddress, hops: UInt8
    ) -> Changes {
        var changes: Changes = []
        let first = start + (family == .v4 ? 12 : 8)
        for (index, pair) in (source.bytes + destination.bytes).pairs.enumerated() {
            changes += set(first + 2 * index, pair)
        }
        if family == .v4 {
            let limit = set(start + 8, word(start + 8) - UInt16(hops) << 8)
            _ = follow(changes + limit, checksumAt: start + 10)
        } else {
            bytes[start + 7] -= hops
        }
        return changes
    }

    /// Ports at `start`, and the transport's checksum where it is there. Returns all that changed.
    private mutating func turnPorts(
        at start: Int, _ ipProtocol: IPProtocol, _ source: UInt16, _ destination: UInt16, pseudo: Changes
    ) -> Changes {
        let ports = set(start, source) + set(start + 2, destination)
        switch ipProtocol {
        case .udp: return ports + follow(pseudo + ports, checksumAt: start + 6, isUDP: true)
        case .tcp where start + 18 <= bytes.count: return ports + follow(pseudo + ports, checksumAt: start + 16)
        default: return ports
        }
    }

    mutating func turn(to flow: FlowKey, hops: UInt8, hasTransport: Bool) {
        let pseudo = turnHeader(at: 0, from: flow.source, to: flow.destination, hops: hops)
        guard hasTransport else { return }
        _ = turnPorts(at: payload, ipProtocol, flow.sourcePort, flow.destinationPort, pseudo: pseudo)
    }

    /// An ICMP error whose quote is a packet of `flow` reversed.
    mutating func turnError(about flow: FlowKey, to translated: FlowKey, hops: UInt8) {
        let sender = IPAddress(bytes: bytes[(family == .v4 ? 12 : 8)...].prefix(family == .v4 ? 4 : 16))
        let outer = turnHeader(
            at: 0, from: sender == flow.source || sender == nil ? translated.source : sender!,
            to: translated.destination, hops: hops)
        let quote = payload + 8
        let header = family == .v4 ? Int(bytes[quote] & 0xF) * 4 : 40
        let quoted = turnHeader(at: quote, from: translated.destination, to: translated.source, hops: 0)
        var changes = turnPorts(
            at: quote + header, flow.ipProtocol, translated.destinationPort, translated.sourcePort, pseudo: quoted)
        // A quoted IPv4 header's checksum makes up for its addresses; ICMPv6 covers a pseudo header.
        if family == .v6 { changes += quoted + outer }
        _ = follow(changes, checksumAt: payload + 2)
    }
}

extension [UInt8] {
    fileprivate var pairs: [UInt16] {
        stride(from: 0, to: count, by: 2).map { UInt16(self[$0]) << 8 | UInt16(self[$0 + 1]) }
    }
}
