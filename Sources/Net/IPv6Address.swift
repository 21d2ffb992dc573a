/// An IPv6 address as two numbers in host byte order, `high` being the first eight bytes.
public struct IPv6Address: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The text forms of RFC 4291, section 2.2, dotted decimal tail included. No zone, no brackets.
    public init?(_ text: some StringProtocol) {
        var groups: [UInt16] = []
        var gap: Int?
        var rest = text[...]
        if rest.hasPrefix("::") {
            gap = 0
            rest = rest.dropFirst(2)
        } else if rest.isEmpty || rest.hasPrefix(":") {
            return nil
        }
        while !rest.isEmpty {
            let field = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(field.count)
            if field.contains(".") {
                guard rest.isEmpty, let tail = IPv4Address(field) else { return nil }
                groups += [UInt16(tail.value >> 16), UInt16(truncatingIfNeeded: tail.value)]
                break
            }
            guard (1...4).contains(field.utf8.count), field.utf8.allSatisfy({ isHexDigit($0) }),
                let group = UInt16(field, radix: 16)
            else { return nil }
            groups.append(group)
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            if rest.first == ":" {
                guard gap == nil else { return nil }
                gap = groups.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
            guard groups.count <= 8 else { return nil }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
        low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    }

    /// Network order.
    public var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    public var isUnspecified: Bool { high == 0 && low == 0 }
    public var isLoopback: Bool { high == 0 && low == 1 }
    public var isMulticast: Bool { high >> 56 == 0xFF }
    /// `fe80::/10`.
    public var isLinkLocal: Bool { high >> 54 == 0x3FA }
    /// `::ffff:0:0/96`, RFC 4291, section 2.5.5.2.
    public var isV4Mapped: Bool { high == 0 && low >> 32 == 0xFFFF }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
}

extension IPv6Address: Comparable {
    public static func < (left: IPv6Address, right: IPv6Address) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension IPv6Address: CustomStringConvertible {
    /// RFC 5952: lower case, the longest run of two or more zero groups shortened, the first of equal runs.
    public var description: String {
        let groups = [high, low].flatMap { half in
            (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) }
        }
        if isV4Mapped { return "::ffff:\(IPv4Address(UInt32(truncatingIfNeeded: low)))" }
        var best = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty
            ? text(groups[...]) : text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
