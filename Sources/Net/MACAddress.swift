/// A 48-bit Ethernet address.
public struct MACAddress: Hashable, Sendable {
    /// Six bytes in transmission order.
    public let bytes: [UInt8]

    /// `nil` unless there are six bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        self.bytes = Array(bytes)
    }

    /// In transmission order.
    public init(octets: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
        bytes = [octets.0, octets.1, octets.2, octets.3, octets.4, octets.5]
    }

    /// Six two-digit hexadecimal bytes, separated by colons or hyphens.
    public init?(_ text: some StringProtocol) {
        let separator: Character = text.contains("-") ? "-" : ":"
        let fields = text.split(separator: separator, omittingEmptySubsequences: false)
        guard fields.count == 6 else { return nil }
        var bytes: [UInt8] = []
        for field in fields {
            guard field.utf8.count == 2, let byte = UInt8(field, radix: 16), !field.hasPrefix("+") else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// 02:00 and the IPv4 address, or the last four bytes of the IPv6 address: what the end of a tunnel has for an
    /// address of layer 2, unless something else is written.
    public init(derivedFrom address: IPAddress) { bytes = [0x02, 0x00] + address.bytes.suffix(4) }

    /// Group addresses, broadcast included: the lowest bit of the first byte.
    public var isMulticast: Bool { bytes[0] & 1 == 1 }
    public var isZero: Bool { bytes.allSatisfy { $0 == 0 } }
}

extension MACAddress: CustomStringConvertible {
    public var description: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined(separator: ":")
    }
}
