public import Net

/// An IPv6 extension header (RFC 8200, section 4; RFC 4302).
public struct ExtensionHeader: Hashable, Sendable {
    public let number: IPProtocol
    /// Everything behind the next-header byte: a length byte (reserved in a fragment header) and the content.
    public var body: [UInt8]

    public init(_ number: IPProtocol, body: [UInt8]) {
        self.number = number
        self.body = body
    }

    public static let hopByHopNumber = IPProtocol(0)
    public static let routingNumber = IPProtocol(43)
    public static let fragmentNumber = IPProtocol(44)
    public static let destinationOptionsNumber = IPProtocol(60)

    /// `options` are filled up with Pad1.
    public static func hopByHop(_ options: [UInt8] = []) -> ExtensionHeader { padded(hopByHopNumber, options) }

    /// `options` are filled up with Pad1.
    public static func destinationOptions(_ options: [UInt8] = []) -> ExtensionHeader {
        padded(destinationOptionsNumber, options)
    }

    /// Type 0 is deprecated, 4 is the segment routing header; `data` is filled up with zeros.
    public static func routing(type: UInt8, segmentsLeft: UInt8, _ data: [UInt8] = []) -> ExtensionHeader {
        padded(routingNumber, [type, segmentsLeft] + data)
    }

    /// `offset` in units of eight bytes.
    public static func fragment(offset: UInt16, more: Bool, identification: UInt32) -> ExtensionHeader {
        var body: [UInt8] = [0]
        body.append(big: offset << 3 | (more ? 1 : 0))
        body.append(big: identification)
        return ExtensionHeader(fragmentNumber, body: body)
    }

    /// An authentication header with an integrity check value of twelve bytes.
    public static func authentication(index: UInt32, sequence: UInt32) -> ExtensionHeader {
        var body: [UInt8] = [4, 0, 0]
        body.append(big: index)
        body.append(big: sequence)
        return ExtensionHeader(.ah, body: body + [UInt8](repeating: 0xA5, count: 12))
    }

    /// 0 for every header that is not a fragment header.
    public var fragmentOffset: UInt16 { number == Self.fragmentNumber ? body[...].big16(1) >> 3 : 0 }

    /// Lengths in units of eight bytes, the first unit not counted.
    private static func padded(_ number: IPProtocol, _ content: [UInt8]) -> ExtensionHeader {
        var bytes: [UInt8] = [0, 0] + content
        bytes.pad(to: 8)
        bytes[1] = UInt8(truncatingIfNeeded: bytes.count / 8 - 1)
        return ExtensionHeader(number, body: Array(bytes.dropFirst()))
    }

    /// `nil` where `number` is no extension header, or the header does not fit.
    init?(parsing bytes: ArraySlice<UInt8>, as number: IPProtocol) {
        guard bytes.count >= 8 else { return nil }
        let length: Int
        switch number {
        case Self.hopByHopNumber, Self.routingNumber, Self.destinationOptionsNumber:
            length = (Int(bytes.byte(1)) + 1) * 8
        case Self.fragmentNumber: length = 8
        case .ah: length = (Int(bytes.byte(1)) + 2) * 4
        default: return nil
        }
        guard length >= 8, length <= bytes.count else { return nil }
        self.init(number, body: Array(bytes.dropFirst().prefix(length - 1)))
    }
}
