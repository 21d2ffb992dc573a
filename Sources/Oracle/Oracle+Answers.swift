import Net
import Packets
import Plan
import Policy

/// What the data path itself answers to packets that it drops.
extension Oracle {
    private static let smallestMTU6 = 1280
    private static let longestQuote6 = 512

    /// Drops the packet and tells its sender, from the VIP, what would have fitted.
    func tooBig(_ packet: Datagram, fitting mtu: Int, _ arrival: Arrival) -> Judgement {
        var judgement = Judgement(.dropTooBig)
        let fitting = UInt32(max(0, min(mtu, 0xFFFF)))
        switch packet.family {
        case .v4: answerError(3, code: 4, fitting, to: packet, arrival, &judgement)
        case .v6: answerError(2, code: 0, max(fitting, UInt32(Self.smallestMTU6)), to: packet, arrival, &judgement)
        }
        return judgement
    }

    /// Drops a packet whose way ends here, and tells its sender so, from where the packet was going.
    func expired(_ packet: Datagram, _ arrival: Arrival) -> Judgement {
        var judgement = Judgement(.dropHopLimit)
        answerError(packet.family == .v4 ? 11 : 3, code: 0, 0, to: packet, arrival, &judgement)
        return judgement
    }

    /// Drops a packet for a service without a backend for it, and answers as the service says.
    func unavailable(_ packet: Datagram, _ service: ServiceState, _ arrival: Arrival) -> Judgement {
        var judgement = Judgement(.dropNoBackend)
        guard service.unavailable != .drop, packet.fragment == nil else { return judgement }
        if packet.ipProtocol == .tcp {
            guard let segment = TCPSegment(packet), !segment.flags.contains(.rst) else { return judgement }
            if service.unavailable == .reset {
                answer(.tcp(segment.reset), to: packet, arrival, &judgement)
                return judgement
            }
        }
        switch packet.family {
        case .v4: answerError(3, code: 3, 0, to: packet, arrival, &judgement)
        case .v6: answerError(1, code: 4, 0, to: packet, arrival, &judgement)
        }
        return judgement
    }

    private func answerError(
        _ type: UInt8, code: UInt8, _ parameter: UInt32, to packet: Datagram, _ arrival: Arrival,
        _ judgement: inout Judgement
    ) {
        let length = packet.family == .v4 ? packet.headerLength + 8 : Self.longestQuote6
        let message = ICMPMessage(error: type, code: code, parameter: parameter, quote: packet.bytes.prefix(length))
        answer(packet.family == .v4 ? .icmp(message) : .icmpv6(message), to: packet, arrival, &judgement)
    }

    /// Nobody is told about an ICMP error or a later fragment, nor is a group, or a sender that is no single host (RFC
    /// 1122, section 3.2.2).
    private func answer(_ payload: Payload, to packet: Datagram, _ arrival: Arrival, _ judgement: inout Judgement) {
        guard environment.answers, !packet.isICMP, !packet.isLaterFragment, packet.source.isSingleHost,
            !arrival.link.isToGroup
        else { return }
        var answer = IPPacket(from: packet.destination, to: packet.source, payload)
        if case .v4(var plain) = answer, case .icmp = payload {
            plain.dontFragment = false
            answer = .v4(plain)
        }
        judgement.action = .tx
        judgement.egress = arrival.interface
        judgement.bytes = arrival.link.answer(answer.bytes)
    }
}

extension TCPSegment {
    /// `nil` for anything but TCP.
    fileprivate init?(_ packet: Datagram) {
        let bytes = packet.payload
        guard packet.ipProtocol == .tcp, bytes.count >= 20 else { return nil }
        self.init(
            from: bytes.big16(0), to: bytes.big16(2), Flags(rawValue: bytes.byte(13)),
            data: Array(bytes.dropFirst(Int(bytes.byte(12) >> 4) * 4)))
        sequence = bytes.big32(4)
        acknowledgement = bytes.big32(8)
    }

    /// What a closed port answers (RFC 9293, section 3.10.7.1).
    fileprivate var reset: TCPSegment {
        var reset = TCPSegment(from: destinationPort, to: sourcePort, flags.contains(.ack) ? .rst : [.rst, .ack])
        reset.sequence = flags.contains(.ack) ? acknowledgement : 0
        let length = UInt32(data.count + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0))
        reset.acknowledgement = flags.contains(.ack) ? 0 : sequence &+ length
        reset.window = 0
        return reset
    }
}

extension IPAddress {
    fileprivate var isSingleHost: Bool {
        switch self {
        case .v4(let address): address.value != 0 && address.value >> 28 != 15
        case .v6(let address): address.high != 0 || address.low != 0
        }
    }
}
