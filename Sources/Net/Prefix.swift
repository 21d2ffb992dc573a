/// An address prefix in canonical form: no bit set behind its length.
public struct Prefix: Hashable, Sendable {
    public let address: IPAddress
    /// 0…32 for IPv4, 0…128 for IPv6.
    public let length: Int

    public enum ParseError: Error, Equatable, Sendable {
        /// Neither an address nor `ADDRESS/LENGTH`.
        case malformed
        /// The length is no number, has a leading zero, or is too large for the family.
        case length
        /// Bits behind the length are set; the prefix that was probably meant is attached.
        case hostBits(meant: Prefix)
    }

    /// The prefix of `length` that holds `address`; host bits are cleared. `nil` where the length does not fit.
    public init?(masking address: IPAddress, length: Int) {
        guard (0...address.family.bits).contains(length) else { return nil }
        switch address {
        case .v4(let v4):
            self.address = .v4(IPv4Address(v4.value & (length == 0 ? 0 : UInt32.max << UInt32(32 - length))))
        case .v6(let v6):
            let high: UInt64 = length >= 64 ? .max : length == 0 ? 0 : .max << UInt64(64 - length)
            let low: UInt64 = length <= 64 ? 0 : .max << UInt64(128 - length)
            self.address = .v6(IPv6Address(high: v6.high & high, low: v6.low & low))
        }
        self.length = length
    }

    /// A single host.
    public init(_ host: IPAddress) {
        address = host
        length = host.family.bits
    }

    /// `ADDRESS/LENGTH`, or a bare address meaning a host.
    public init(parsing text: some StringProtocol) throws(ParseError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { throw .malformed }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            parts[1].utf8.count == 1 || parts[1].utf8.first != 48, let length = Int(parts[1]),
            let prefix = Prefix(masking: address, length: length)
        else { throw .length }
        guard prefix.address == address else { throw .hostBits(meant: prefix) }
        self = prefix
    }

    public var family: IPAddress.Family { address.family }

    /// Holds one address only.
    public var isHost: Bool { length == family.bits }

    /// As people write it: a host without its length.
    public var shortText: String { isHost ? "\(address)" : description }

    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && Prefix(masking: other, length: length)?.address == address
    }

    /// True for itself and for every longer prefix inside.
    public func contains(_ other: Prefix) -> Bool { other.length >= length && contains(other.address) }

    /// The last address of the prefix.
    public var last: IPAddress {
        switch address {
        case .v4(let v4):
            return .v4(IPv4Address(v4.value | (length == 32 ? 0 : UInt32.max >> UInt32(length))))
        case .v6(let v6):
            let high: UInt64 = length >= 64 ? 0 : .max >> UInt64(length)
            let low: UInt64 = length >= 128 ? 0 : length <= 64 ? .max : .max >> UInt64(length - 64)
            return .v6(IPv6Address(high: v6.high | high, low: v6.low | low))
        }
    }
}

extension Prefix: Comparable {
    /// By address, the shorter (larger) prefix first.
    public static func < (left: Prefix, right: Prefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }
}

extension Prefix: CustomStringConvertible {
    /// Always with its length, as `10.0.0.1/32`.
    public var description: String { "\(address)/\(length)" }
}
