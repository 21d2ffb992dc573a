/// An SCTP common header with its chunks (RFC 9260).
public struct SCTPPacket: Hashable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var verificationTag: UInt32
    /// The chunks as they stand in the packet.
    public var chunks: [UInt8]
    /// As the four bytes stand in the packet, read in network order; `nil`: the right one.
    public var checksum: UInt32?

    public init(from sourcePort: UInt16, to destinationPort: UInt16, tag: UInt32, chunks: [UInt8] = []) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        verificationTag = tag
        self.chunks = chunks
    }

    /// A packet with one chunk: type 1 is INIT, 0 DATA, 7 SHUTDOWN (RFC 9260, section 3.2).
    public init(
        from sourcePort: UInt16, to destinationPort: UInt16, tag: UInt32, chunk type: UInt8, value: [UInt8]
    ) {
        var chunk: [UInt8] = [type, 0]
        chunk.append(big: UInt16(4 + value.count))
        chunk += value
        chunk.pad(to: 4)
        self.init(from: sourcePort, to: destinationPort, tag: tag, chunks: chunk)
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: sourcePort)
        bytes.append(big: destinationPort)
        bytes.append(big: verificationTag)
        let before = bytes
        bytes.append(big: checksum ?? Self.checksum(before, chunks))
        return bytes + chunks
    }

    init?(parsing bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 12 else { return nil }
        self.init(
            from: bytes.big16(0), to: bytes.big16(2), tag: bytes.big32(4), chunks: Array(bytes.dropFirst(12)))
        checksum = unless(bytes.big32(8), is: Self.checksum(Array(bytes.prefix(8)), chunks))
    }

    /// The one number of these protocols that is sent with its low byte first.
    private static func checksum(_ before: [UInt8], _ chunks: [UInt8]) -> UInt32 {
        CRC32C.of(before + [0, 0, 0, 0] + chunks).byteSwapped
    }
}
