import Net

extension PacketGenerator {
    /// A packet that only makes sense after `earlier`.
    mutating func followUp(_ earlier: IPPacket) -> IPPacket {
        if let fragment = nextFragment(of: earlier), random.chance(70) { return fragment }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: return nextSegment(of: earlier)
        case 5..<9: return errorAboutAnswer(to: earlier)
        default: return reversed(earlier)
        }
    }

    /// What may come back for a frame that a data path sent on: the answer, or an error about it. `nil` where it holds no
    /// IP packet.
    public mutating func sequel(of frame: [UInt8]) -> [UInt8]? {
        guard case .ip(let packet) = Frame(bytes: frame)?.content else { return nil }
        if random.chance(70) { return Frame(nextSegment(of: reversed(packet))).bytes }
        return Frame(errorAboutAnswer(to: reversed(packet))).bytes
    }

    private mutating func nextFragment(of earlier: IPPacket) -> IPPacket? {
        let offset: UInt16 = random.pick([1, 2, 64, 180])
        let data = random.bytes(random.pick([8, 40, 64]))
        switch earlier {
        case .v4(var packet):
            guard packet.moreFragments else { return nil }
            packet.fragmentOffset = offset
            packet.moreFragments = random.chance(50)
            packet.payload = .raw(packet.payload.ipProtocol, data)
            return .v4(packet)
        case .v6(var packet):
            guard let last = packet.extensionHeaders.last, last.number == ExtensionHeader.fragmentNumber else {
                return nil
            }
            packet.extensionHeaders[packet.extensionHeaders.count - 1] = .fragment(
                offset: offset, more: random.chance(50), identification: last.body[...].big32(3))
            packet.payload = .raw(packet.payload.ipProtocol, data)
            return .v6(packet)
        }
    }

    /// The same flow again; of a TCP connection what comes after its SYN.
    private mutating func nextSegment(of earlier: IPPacket) -> IPPacket {
        var packet = earlier
        if case .tcp(var segment) = packet.payload {
            segment.flags = random.pick([.ack, [.psh, .ack], [.fin, .ack], .rst])
            segment.dataOffset = nil
            segment.checksum = nil
            packet.payload = .tcp(segment)
        }
        return packet
    }

    /// What a router on the way back tells the earlier packet's destination about the answer that it has sent.
    private mutating func errorAboutAnswer(to earlier: IPPacket) -> IPPacket {
        let answer = reversed(earlier)
        let quote = random.chance(50) ? answer.shortQuote : Array(answer.bytes.prefix(random.pick([12, 40, 128, 512])))
        let family = earlier.destination.family
        let router = address(interests.sources, family)
        let type: UInt8 = family == .v4 ? random.pick([3, 11, 12]) : random.pick([1, 2, 3, 4])
        let message = ICMPMessage(error: type, code: type == 3 ? 4 : 0, parameter: 1400, quote: quote)
        return IPPacket(from: router, to: answer.source, family == .v4 ? .icmp(message) : .icmpv6(message))
    }

    /// Addresses and ports exchanged.
    private func reversed(_ packet: IPPacket) -> IPPacket {
        var payload = packet.payload
        switch payload {
        case .tcp(var segment):
            (segment.sourcePort, segment.destinationPort) = (segment.destinationPort, segment.sourcePort)
            payload = .tcp(segment)
        case .udp(var datagram):
            (datagram.sourcePort, datagram.destinationPort) = (datagram.destinationPort, datagram.sourcePort)
            payload = .udp(datagram)
        case .sctp(var sctp):
            (sctp.sourcePort, sctp.destinationPort) = (sctp.destinationPort, sctp.sourcePort)
            payload = .sctp(sctp)
        default: break
        }
        return IPPacket(from: packet.destination, to: packet.source, payload)
    }
}
