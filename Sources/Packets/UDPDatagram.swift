import Net

/// A UDP header with its data (RFC 768).
public struct UDPDatagram: Hashable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var data: [UInt8]
    /// `nil`: header and data. A first fragment states the length of the whole datagram.
    public var length: UInt16?
    /// `nil`: the right one; 0: none.
    public var checksum: UInt16?

    public init(from sourcePort: UInt16, to destinationPort: UInt16, data: [UInt8] = []) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.data = data
    }

    func bytes(_ ends: Ends) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: sourcePort)
        bytes.append(big: destinationPort)
        bytes.append(big: length ?? UInt16(truncatingIfNeeded: 8 + data.count))
        bytes.append(big: UInt16(0))
        bytes += data
        bytes.store(big: checksum ?? Self.checksum(ends, bytes), at: 6)
        return bytes
    }

    init?(parsing bytes: ArraySlice<UInt8>, _ ends: Ends) {
        guard bytes.count >= 8 else { return nil }
        self.init(from: bytes.big16(0), to: bytes.big16(2), data: Array(bytes.dropFirst(8)))
        length = unless(bytes.big16(4), is: UInt16(truncatingIfNeeded: bytes.count))
        checksum = unless(bytes.big16(6), is: Self.checksum(ends, bytes.with(big: 0, at: 6)))
    }

    /// A sum of 0 is sent as its other representation, since 0 says that there is no checksum.
    private static func checksum(_ ends: Ends, _ bytes: [UInt8]) -> UInt16 {
        let checksum = ends.checksum(.udp, bytes)
        return checksum == 0 ? 0xFFFF : checksum
    }
}
