import Net

extension PacketGenerator {
    mutating func plainPacket() -> IPPacket {
        let family =
            interests.destinations.isEmpty || random.chance(10)
            ? random.pick(IPAddress.Family.allCases) : random.pick(interests.destinations).family
        let source = address(interests.sources, family)
        let destination = address(interests.destinations, family)
        let content = payload(family)
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            return .v4(dressed(IPv4Packet(from: source, to: destination, content)))
        case (.v6(let source), .v6(let destination)):
            return .v6(dressed(IPv6Packet(from: source, to: destination, content)))
        default: preconditionFailure("both were asked for in one family")
        }
    }

    /// With header fields other than the plain ones, now and then.
    private mutating func dressed(_ packet: IPv4Packet) -> IPv4Packet {
        var packet = packet
        packet.timeToLive = random.chance(2) ? 0 : random.pick([1, 64, 128, 255])
        if random.chance(20) { packet.trafficClass = random.number() }
        if random.chance(30) { packet.dontFragment = false }
        if random.chance(8) { packet.options = random.bytes(random.pick([4, 8, 20, 40])) }
        if random.chance(6) {
            packet.dontFragment = false
            packet.moreFragments = true
            packet.identification = random.number()
        }
        return packet
    }

    private mutating func dressed(_ packet: IPv6Packet) -> IPv6Packet {
        var packet = packet
        packet.hopLimit = random.chance(2) ? 0 : random.pick([1, 64, 128, 255, 255])
        if random.chance(20) { packet.trafficClass = random.number() }
        if random.chance(20) { packet.flowLabel = random.number(UInt32.self) & 0xFFFFF }
        if random.chance(12) {
            packet.extensionHeaders = (0..<random.pick([1, 1, 1, 2, 3, 6, 7])).map { _ in extensionHeader() }
        }
        if random.chance(8) {
            let isAtomic = random.chance(30)
            packet.extensionHeaders.append(.fragment(offset: 0, more: !isAtomic, identification: random.number()))
        }
        return packet
    }

    private mutating func extensionHeader() -> ExtensionHeader {
        let data = random.bytes(random.pick([0, 4, 6, 14, 22]))
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: return .hopByHop(data)
        case 3..<6: return .destinationOptions(data)
        case 6..<9: return .routing(type: random.pick([0, 2, 4]), segmentsLeft: random.pick([0, 1]), data)
        default: return .authentication(index: random.number(), sequence: random.number())
        }
    }

    private mutating func payload(_ family: IPAddress.Family) -> Payload {
        let data = random.bytes(
            random.chance(5) ? Int.random(in: 1200...1472, using: &random) : random.pick([0, 1, 8, 40]))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: return .tcp(segment(data))
        case 45..<70: return .udp(datagram(data, family))
        case 70..<75: return .sctp(SCTPPacket(from: port(), to: port(), tag: random.number(), chunk: 1, value: data))
        case 75..<93: return icmp(family, data)
        default:
            let number: UInt8 = random.pick([0, 4, 41, 43, 44, 47, 50, 51, 59, 60, 89, 103, 112, 255])
            return .raw(IPProtocol(number), data)
        }
    }

    private mutating func segment(_ data: [UInt8]) -> TCPSegment {
        let flags: TCPSegment.Flags =
            random.chance(5)
            ? TCPSegment.Flags(rawValue: random.number())
            : random.pick([
                .syn, .syn, .ack, .ack, [.psh, .ack], [.fin, .ack], .rst, [.syn, .ack], [.syn, .ece, .cwr],
            ])
        var segment = TCPSegment(from: random.chance(70) ? random.number() : port(), to: port(), flags, data: data)
        segment.sequence = random.number()
        if random.chance(30) { segment.options = [2, 4, 5, 0xB4] }
        return segment
    }

    private mutating func datagram(_ data: [UInt8], _ family: IPAddress.Family) -> UDPDatagram {
        if random.chance(5) {
            return family == .v4
                ? UDPDatagram(from: 67, to: 68, data: data) : UDPDatagram(from: 547, to: 546, data: data)
        }
        var datagram = UDPDatagram(from: random.chance(70) ? random.number() : port(), to: port(), data: data)
        if random.chance(10) { datagram.checksum = 0 }
        return datagram
    }

    private mutating func icmp(_ family: IPAddress.Family, _ data: [UInt8]) -> Payload {
        let isV4 = random.chance(2) ? family == .v6 : family == .v4
        let type: UInt8 =
            isV4
            ? random.pick([0, 3, 5, 8, 8, 8, 11, 13])
            : random.pick([1, 2, 128, 128, 128, 129, 133, 134, 135, 136, 137, 143])
        var message = ICMPMessage(echo: type, identifier: port(), data: data)
        if random.chance(5) { message.code = random.number() }
        return isV4 ? .icmp(message) : .icmpv6(message)
    }
}
