public import Net

/// An Ethernet frame without its check sequence.
public struct Frame: Hashable, Sendable {
    public struct VLANTag: Hashable, Sendable {
        /// 0x8100 (802.1Q) or 0x88A8 (802.1ad).
        public var etherType: UInt16
        /// Priority (3 bits), drop eligible (1 bit), VLAN identifier (12 bits).
        public var control: UInt16

        public init(_ identifier: UInt16, priority: UInt8 = 0, etherType: UInt16 = 0x8100) {
            self.etherType = etherType
            control = UInt16(priority) << 13 | identifier & 0xFFF
        }

        static func isTag(_ etherType: UInt16) -> Bool { etherType == 0x8100 || etherType == 0x88A8 }
    }

    public enum Content: Hashable, Sendable {
        case ip(IPPacket)
        case arp(ARPMessage)
        /// Any other EtherType (below 0x600 it is a length, IEEE 802.3), or bytes that are not what theirs claims.
        case other(etherType: UInt16, [UInt8])
    }

    public var destination: MACAddress
    public var source: MACAddress
    /// Outermost first.
    public var tags: [VLANTag]
    public var content: Content
    /// What follows the content: padding, or rubbish.
    public var trailer: [UInt8] = []

    /// Addresses for packets whose test does not care for them: locally administered.
    public static let anyDestination = MACAddress(octets: (0x02, 0, 0, 0, 0, 0x0A))
    public static let anySource = MACAddress(octets: (0x02, 0, 0, 0, 0, 0x0B))

    public init(
        to destination: MACAddress = anyDestination, from source: MACAddress = anySource, tags: [VLANTag] = [],
        _ content: Content
    ) {
        self.destination = destination
        self.source = source
        self.tags = tags
        self.content = content
    }

    /// The packet in a frame of its own, not padded.
    public init(_ packet: IPPacket, tags: [VLANTag] = []) { self.init(tags: tags, .ip(packet)) }

    public var bytes: [UInt8] {
        var bytes = destination.bytes + source.bytes
        for tag in tags {
            bytes.append(big: tag.etherType)
            bytes.append(big: tag.control)
        }
        switch content {
        case .ip(let packet):
            bytes.append(big: packet.etherType)
            bytes += packet.bytes
        case .arp(let message):
            bytes.append(big: ARPMessage.etherType)
            bytes += message.bytes
        case .other(let etherType, let body):
            bytes.append(big: etherType)
            bytes += body
        }
        return bytes + trailer
    }

    /// Whatever the bytes are, the frame's own bytes are the same again. `nil` below fourteen bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count >= 14, let destination = MACAddress(bytes: bytes[..<6]),
            let source = MACAddress(bytes: bytes[6..<12])
        else { return nil }
        var rest = bytes[12...]
        var tags: [VLANTag] = []
        while rest.count >= 6, VLANTag.isTag(rest.big16(0)) {
            tags.append(VLANTag(control: rest.big16(2), etherType: rest.big16(0)))
            rest = rest.dropFirst(4)
        }
        let etherType = rest.big16(0)
        let body = rest.dropFirst(2)
        let content: Content
        switch etherType {
        case IPPacket.etherType4:
            content = IPv4Packet(parsing: body).map { .ip(.v4($0)) } ?? .other(etherType: etherType, Array(body))
        case IPPacket.etherType6:
            content = IPv6Packet(parsing: body).map { .ip(.v6($0)) } ?? .other(etherType: etherType, Array(body))
        case ARPMessage.etherType:
            content = ARPMessage(parsing: body).map { .arp($0) } ?? .other(etherType: etherType, Array(body))
        default: content = .other(etherType: etherType, Array(body))
        }
        self.init(to: destination, from: source, tags: tags, content)
        trailer = Array(bytes.dropFirst(self.bytes.count))
    }
}

extension Frame.VLANTag {
    init(control: UInt16, etherType: UInt16) {
        self.control = control
        self.etherType = etherType
    }
}

extension IPPacket {
    public static let etherType4: UInt16 = 0x0800
    public static let etherType6: UInt16 = 0x86DD

    public var etherType: UInt16 {
        switch self {
        case .v4: Self.etherType4
        case .v6: Self.etherType6
        }
    }
}
