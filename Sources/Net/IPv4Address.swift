/// An IPv4 address as a number in host byte order.
public struct IPv4Address: Hashable, Sendable {
    public var value: UInt32

    public init(_ value: UInt32) { self.value = value }

    /// Four decimal octets without leading zeros (a leading zero means octal to some parsers, so it is refused).
    public init?(_ text: some StringProtocol) {
        var value: UInt32 = 0
        var octets = 0
        for field in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard octets < 4, (1...3).contains(field.utf8.count), field.utf8.allSatisfy({ (48...57).contains($0) }),
                field.utf8.count == 1 || field.utf8.first != 48, let octet = UInt8(field)
            else { return nil }
            value = value << 8 | UInt32(octet)
            octets += 1
        }
        guard octets == 4 else { return nil }
        self.value = value
    }

    /// Network order.
    public var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    public var isMulticast: Bool { value >> 28 == 0xE }
    public var isLoopback: Bool { value >> 24 == 127 }
    public var isLimitedBroadcast: Bool { value == .max }
}

extension IPv4Address: Comparable {
    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }
}

extension IPv4Address: CustomStringConvertible {
    public var description: String { bytes.map(String.init).joined(separator: ".") }
}
