import Net

/// A TCP header with its data (RFC 9293).
public struct TCPSegment: Hashable, Sendable {
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let fin = Flags(rawValue: 1 << 0)
        public static let syn = Flags(rawValue: 1 << 1)
        public static let rst = Flags(rawValue: 1 << 2)
        public static let psh = Flags(rawValue: 1 << 3)
        public static let ack = Flags(rawValue: 1 << 4)
        public static let urg = Flags(rawValue: 1 << 5)
        public static let ece = Flags(rawValue: 1 << 6)
        public static let cwr = Flags(rawValue: 1 << 7)
    }

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequence: UInt32 = 1
    public var acknowledgement: UInt32 = 0
    public var flags: Flags
    /// The four bits behind the data offset.
    public var reserved: UInt8 = 0
    public var window: UInt16 = 0xFFFF
    public var urgentPointer: UInt16 = 0
    /// Filled up with zeros to a multiple of four.
    public var options: [UInt8] = []
    public var data: [UInt8]
    /// In words of four bytes; `nil`: what the options need.
    public var dataOffset: UInt8?
    /// `nil`: the right one.
    public var checksum: UInt16?

    public init(from sourcePort: UInt16, to destinationPort: UInt16, _ flags: Flags = .ack, data: [UInt8] = []) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.flags = flags
        self.data = data
    }

    func bytes(_ ends: Ends) -> [UInt8] {
        var options = options
        options.pad(to: 4)
        let rightOffset = UInt8(truncatingIfNeeded: 5 + options.count / 4)
        var bytes: [UInt8] = []
        bytes.append(big: sourcePort)
        bytes.append(big: destinationPort)
        bytes.append(big: sequence)
        bytes.append(big: acknowledgement)
        bytes.append((dataOffset ?? rightOffset) << 4 | reserved & 0xF)
        bytes.append(flags.rawValue)
        bytes.append(big: window)
        bytes.append(big: UInt16(0))
        bytes.append(big: urgentPointer)
        bytes += options
        bytes += data
        bytes.store(big: checksum ?? ends.checksum(.tcp, bytes), at: 16)
        return bytes
    }

    /// `nil` where the header does not fit.
    init?(parsing bytes: ArraySlice<UInt8>, _ ends: Ends) {
        guard bytes.count >= 20 else { return nil }
        let header = Int(bytes.byte(12) >> 4) * 4
        guard header >= 20, header <= bytes.count else { return nil }
        self.init(from: bytes.big16(0), to: bytes.big16(2), Flags(rawValue: bytes.byte(13)))
        sequence = bytes.big32(4)
        acknowledgement = bytes.big32(8)
        reserved = bytes.byte(12) & 0xF
        window = bytes.big16(14)
        urgentPointer = bytes.big16(18)
        options = Array(bytes.dropFirst(20).prefix(header - 20))
        data = Array(bytes.dropFirst(header))
        checksum = unless(bytes.big16(16), is: ends.checksum(.tcp, bytes.with(big: 0, at: 16)))
    }
}

extension TCPSegment.Flags: CustomStringConvertible {
    /// As tcpdump writes them: `S`, `S.`, `F.`; `none` where there is none.
    public var description: String {
        let names: [(TCPSegment.Flags, Character)] = [
            (.syn, "S"), (.fin, "F"), (.rst, "R"), (.psh, "P"), (.ack, "."), (.urg, "U"), (.ece, "E"), (.cwr, "W"),
        ]
        let text = String(names.filter { contains($0.0) }.map(\.1))
        return text.isEmpty ? "none" : text
    }
}
