import Net

extension PacketGenerator {
    mutating func plainPacket() -> IPPacket {
        if !interests.services.isEmpty, random.chance(40) {
            let service = random.pick(interests.services)
            return packet(to: service.address, payload(to: service))
        }
        let family =
            interests.destinations.isEmpty || random.chance(10)
            ? random.pick(IPAddress.Family.allCases) : random.pick(interests.destinations).family
        return packet(to: address(interests.destinations, family), payload(family))
    }

    private mutating func packet(to destination: IPAddress, _ payload: Payload) -> IPPacket {
        switch IPPacket(from: address(interests.sources, destination.family), to: destination, payload) {
        case .v4(let packet): .v4(dressed(packet))
        case .v6(let packet): .v6(dressed(packet))
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

    private mutating func payload(to service: Interests.Service) -> Payload {
        let data = random.bytes(length())
        switch service.ipProtocol {
        case .tcp: return .tcp(segment(to: service.port, data))
        case .sctp: return .sctp(association(to: service.port, data))
        default:
            guard !interests.datagrams.isEmpty, random.chance(40) else {
                return .udp(datagram(to: service.port, data))
            }
            return .udp(datagram(to: service.port, random.pick(interests.datagrams) + (random.chance(50) ? data : [])))
        }
    }

    private mutating func payload(_ family: IPAddress.Family) -> Payload {
        let data = random.bytes(length())
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: return .tcp(segment(to: port(), data))
        case 40..<60: return .udp(datagram(to: port(), data))
        case 60..<63:
            return .udp(family == .v4 ? UDPDatagram(from: 67, to: 68, data: data) : UDPDatagram(from: 547, to: 546))
        case 63..<70: return .sctp(SCTPPacket(from: port(), to: port(), tag: random.number(), chunk: 1, value: data))
        case 70..<92: return icmp(family, data)
        default:
            let number: UInt8 = random.pick([0, 4, 41, 43, 44, 47, 50, 51, 59, 60, 89, 103, 112, 255])
            return .raw(IPProtocol(number), data)
        }
    }

    /// Of a payload: mostly short, sometimes about what a path's MTU allows.
    private mutating func length() -> Int {
        random.chance(8)
            ? Int.random(in: random.pick([1200...1472, 1400...1472]), using: &random) : random.pick([0, 1, 8, 40])
    }

    private mutating func segment(to port: UInt16, _ data: [UInt8]) -> TCPSegment {
        let flags: TCPSegment.Flags =
            random.chance(5)
            ? TCPSegment.Flags(rawValue: random.number())
            : random.pick([
                .syn, .syn, .ack, .ack, [.psh, .ack], [.fin, .ack], .rst, [.syn, .ack], [.syn, .ece, .cwr],
            ])
        var segment = TCPSegment(from: sourcePort(), to: port, flags, data: data)
        segment.sequence = random.number()
        if random.chance(30) { segment.options = [2, 4, 5, 0xB4] }
        return segment
    }

    private mutating func datagram(to port: UInt16, _ data: [UInt8]) -> UDPDatagram {
        var datagram = UDPDatagram(from: sourcePort(), to: port, data: data)
        if random.chance(10) { datagram.checksum = 0 }
        return datagram
    }

    /// INIT, DATA, SHUTDOWN, or nothing at all.
    private mutating func association(to port: UInt16, _ data: [UInt8]) -> SCTPPacket {
        if random.chance(5) { return SCTPPacket(from: sourcePort(), to: port, tag: random.number()) }
        return SCTPPacket(
            from: sourcePort(), to: port, tag: random.number(), chunk: random.pick([1, 1, 0, 0, 7]), value: data)
    }

    private mutating func sourcePort() -> UInt16 { random.chance(70) ? random.number() : port() }

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
