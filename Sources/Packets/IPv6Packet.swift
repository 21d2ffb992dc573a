public import Net

/// An IPv6 packet (RFC 8200).
public struct IPv6Packet: Hashable, Sendable {
    public var trafficClass: UInt8 = 0
    /// 20 bits.
    public var flowLabel: UInt32 = 0
    public var hopLimit: UInt8 = 64
    public var source: IPv6Address
    public var destination: IPv6Address
    public var extensionHeaders: [ExtensionHeader] = []
    public var payload: Payload

    // Fields that the serialiser computes where they are `nil`.
    public var version: UInt8?
    public var payloadLength: UInt16?

    public init(from source: IPv6Address, to destination: IPv6Address, _ payload: Payload) {
        self.source = source
        self.destination = destination
        self.payload = payload
    }

    private var ends: Ends { Ends(source: .v6(source), destination: .v6(destination)) }

    public var bytes: [UInt8] {
        let following = extensionHeaders.dropFirst().map(\.number) + [payload.ipProtocol]
        var body: [UInt8] = []
        for (header, next) in zip(extensionHeaders, following) {
            body.append(next.number)
            body += header.body
        }
        body += payload.bytes(ends)
        var bytes: [UInt8] = []
        bytes.append(big: UInt32((version ?? 6) & 0xF) << 28 | UInt32(trafficClass) << 20 | flowLabel & 0xFFFFF)
        bytes.append(big: payloadLength ?? UInt16(truncatingIfNeeded: body.count))
        bytes += [(extensionHeaders.first?.number ?? payload.ipProtocol).number, hopLimit]
        bytes += source.bytes
        bytes += destination.bytes
        return bytes + body
    }

    /// From a packet that may be followed by other bytes. `nil` where version or payload length are wrong.
    init?(parsing bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 40, bytes.byte(0) >> 4 == 6, case let length = Int(bytes.big16(4)),
            40 + length <= bytes.count
        else { return nil }
        source = IPv6Address(bytes.dropFirst(8).prefix(16))
        destination = IPv6Address(bytes.dropFirst(24).prefix(16))
        trafficClass = UInt8(truncatingIfNeeded: bytes.big32(0) >> 20)
        flowLabel = bytes.big32(0) & 0xFFFFF
        hopLimit = bytes.byte(7)
        var next = IPProtocol(bytes.byte(6))
        var rest = bytes.dropFirst(40).prefix(length)
        var isLaterFragment = false
        while !isLaterFragment, let header = ExtensionHeader(parsing: rest, as: next) {
            extensionHeaders.append(header)
            next = IPProtocol(rest.byte(0))
            rest = rest.dropFirst(1 + header.body.count)
            isLaterFragment = header.fragmentOffset > 0
        }
        payload = .raw(next, Array(rest))
        if !isLaterFragment { payload = Payload(parsing: rest, as: next, ends) }
    }

    /// From bytes that are this packet and nothing else.
    init?(exactly bytes: ArraySlice<UInt8>) {
        self.init(parsing: bytes)
        guard 40 + Int(bytes.big16(4)) == bytes.count else { return nil }
    }
}

extension IPv6Address {
    /// From sixteen bytes in network order.
    init(_ bytes: ArraySlice<UInt8>) {
        self.init(
            high: UInt64(bytes.big32(0)) << 32 | UInt64(bytes.big32(4)),
            low: UInt64(bytes.big32(8)) << 32 | UInt64(bytes.big32(12)))
    }
}
