public import Net

/// An IPv4 packet (RFC 791).
public struct IPv4Packet: Hashable, Sendable {
    /// DSCP and ECN.
    public var trafficClass: UInt8 = 0
    public var identification: UInt16 = 0
    public var reservedFlag = false
    public var dontFragment = true
    public var moreFragments = false
    /// In units of eight bytes, 0…8191.
    public var fragmentOffset: UInt16 = 0
    public var timeToLive: UInt8 = 64
    public var source: IPv4Address
    public var destination: IPv4Address
    /// Filled up with zeros to a multiple of four; at most 40 bytes.
    public var options: [UInt8] = []
    public var payload: Payload

    // Fields that the serialiser computes where they are `nil`.
    public var version: UInt8?
    /// In words of four bytes.
    public var headerLength: UInt8?
    public var totalLength: UInt16?
    public var checksum: UInt16?

    public init(from source: IPv4Address, to destination: IPv4Address, _ payload: Payload) {
        self.source = source
        self.destination = destination
        self.payload = payload
    }

    private var ends: Ends { Ends(source: .v4(source), destination: .v4(destination)) }

    public var bytes: [UInt8] {
        var options = options
        options.pad(to: 4)
        let body = payload.bytes(ends)
        let words = 5 + options.count / 4
        var flags = fragmentOffset & 0x1FFF
        flags |= (reservedFlag ? 1 << 15 : 0) | (dontFragment ? 1 << 14 : 0) | (moreFragments ? 1 << 13 : 0)
        var header: [UInt8] = [
            (version ?? 4) << 4 | (headerLength ?? UInt8(truncatingIfNeeded: words)) & 0xF, trafficClass,
        ]
        header.append(big: totalLength ?? UInt16(truncatingIfNeeded: words * 4 + body.count))
        header.append(big: identification)
        header.append(big: flags)
        header += [timeToLive, payload.ipProtocol.number, 0, 0]
        header += source.bytes
        header += destination.bytes
        header += options
        header.store(big: checksum ?? InternetChecksum.of(header), at: 10)
        return header + body
    }

    /// From a packet that may be followed by other bytes. `nil` where version, header length or total length are wrong.
    init?(parsing bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 20, bytes.byte(0) >> 4 == 4 else { return nil }
        let header = Int(bytes.byte(0) & 0xF) * 4
        let total = Int(bytes.big16(2))
        guard header >= 20, header <= total, total <= bytes.count else { return nil }
        source = IPv4Address(bytes.big32(12))
        destination = IPv4Address(bytes.big32(16))
        trafficClass = bytes.byte(1)
        identification = bytes.big16(4)
        let flags = bytes.big16(6)
        reservedFlag = flags & 1 << 15 != 0
        dontFragment = flags & 1 << 14 != 0
        moreFragments = flags & 1 << 13 != 0
        fragmentOffset = flags & 0x1FFF
        timeToLive = bytes.byte(8)
        options = Array(bytes.dropFirst(20).prefix(header - 20))
        checksum = unless(bytes.big16(10), is: InternetChecksum.of(bytes.prefix(header).with(big: 0, at: 10)))
        let ipProtocol = IPProtocol(bytes.byte(9))
        let body = bytes.prefix(total).dropFirst(header)
        payload = .raw(ipProtocol, Array(body))
        if fragmentOffset == 0 { payload = Payload(parsing: body, as: ipProtocol, ends) }
    }

    /// From bytes that are this packet and nothing else.
    init?(exactly bytes: ArraySlice<UInt8>) {
        self.init(parsing: bytes)
        guard Int(bytes.big16(2)) == bytes.count else { return nil }
    }
}
