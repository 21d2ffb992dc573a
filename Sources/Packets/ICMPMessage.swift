import Net

/// A message of ICMP (RFC 792) or ICMPv6 (RFC 4443); which of the two, says the ``Payload`` it stands in.
public struct ICMPMessage: Hashable, Sendable {
    public var type: UInt8
    public var code: UInt8
    /// Everything behind the checksum.
    public var rest: [UInt8]
    /// `nil`: the right one.
    public var checksum: UInt16?

    public init(type: UInt8, code: UInt8 = 0, rest: [UInt8] = [0, 0, 0, 0]) {
        self.type = type
        self.code = code
        self.rest = rest
    }

    /// Echo request or reply: type 8 or 0, ICMPv6 128 or 129.
    public init(echo type: UInt8, identifier: UInt16, sequence: UInt16 = 1, data: [UInt8] = []) {
        self.init(type: type, rest: [])
        rest.append(big: identifier)
        rest.append(big: sequence)
        rest += data
    }

    /// An error about a packet. `parameter` is the word behind the checksum: the MTU, a pointer, or unused. `quote` is
    /// as much of the packet as the sender cares to return.
    public init(error type: UInt8, code: UInt8 = 0, parameter: UInt32 = 0, quote: some Sequence<UInt8>) {
        self.init(type: type, code: code, rest: [])
        rest.append(big: parameter)
        rest += quote
    }

    /// `ends`: present for ICMPv6, whose checksum covers a pseudo-header.
    func bytes(_ ends: Ends?) -> [UInt8] {
        var bytes = [type, code, 0, 0] + rest
        bytes.store(big: checksum ?? Self.checksum(ends, bytes), at: 2)
        return bytes
    }

    init?(parsing bytes: ArraySlice<UInt8>, _ ends: Ends?) {
        guard bytes.count >= 4 else { return nil }
        self.init(type: bytes.byte(0), code: bytes.byte(1), rest: Array(bytes.dropFirst(4)))
        checksum = unless(bytes.big16(2), is: Self.checksum(ends, bytes.with(big: 0, at: 2)))
    }

    private static func checksum(_ ends: Ends?, _ bytes: [UInt8]) -> UInt16 {
        ends?.checksum(.icmpv6, bytes) ?? InternetChecksum.of(bytes)
    }
}

extension IPPacket {
    /// What RFC 792 asks an error to return: the IP header and eight bytes of what follows.
    public var shortQuote: [UInt8] {
        let bytes = bytes
        let header = bytes[0] >> 4 == 4 ? Int(bytes[0] & 0xF) * 4 : 40
        return Array(bytes.prefix(header + 8))
    }
}
