public import Net

/// The one's complement checksum of IP, TCP, UDP and ICMP (RFC 1071).
public struct InternetChecksum: Sendable {
    private var sum: UInt32 = 0
    /// The next byte is the low half of a word.
    private var odd = false

    public init() {}

    /// Starts with the pseudo-header of RFC 9293, section 3.1, or RFC 8200, section 8.1.
    public init(from source: IPAddress, to destination: IPAddress, _ ipProtocol: IPProtocol, length: Int) {
        add(source.bytes)
        add(destination.bytes)
        add([0, ipProtocol.number])
        var count: [UInt8] = []
        count.append(big: UInt32(length))
        add(count)
    }

    public mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            sum += odd ? UInt32(byte) : UInt32(byte) << 8
            sum = sum & 0xFFFF + sum >> 16
            odd.toggle()
        }
    }

    /// What stands in the packet, as a number in host order.
    public var value: UInt16 { ~UInt16(sum) }

    public static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var checksum = InternetChecksum()
        checksum.add(bytes)
        return checksum.value
    }

    /// A checksum after one of the words it covers has changed (RFC 1624, equation 3).
    public static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
        var sum = UInt32(~checksum) + UInt32(~old) + UInt32(new)
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }
}
