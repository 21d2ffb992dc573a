internal import Net

extension IPAddress: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        switch self {
        case .v4(let address):
            writer.byte(4)
            writer.bigEndian(address.value)
        case .v6(let address):
            writer.byte(6)
            writer.bigEndian(address.high)
            writer.bigEndian(address.low)
        }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        switch try reader.byte() {
        case 4: self = .v4(IPv4Address(try reader.bigEndian()))
        case 6: self = .v6(IPv6Address(high: try reader.bigEndian(), low: try reader.bigEndian()))
        default: throw .corrupt("an address of no known family")
        }
    }
}

extension Prefix: ManifestValue {
    /// The length, doubled, with the family in the lowest bit; then as many bytes of the address as the length covers.
    func write(to writer: inout ManifestWriter) {
        writer.number(UInt(length) << 1 | (family == .v6 ? 1 : 0))
        let bits = leftAligned
        for byte in 0..<(length + 7) / 8 { writer.byte(UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * byte))) }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let head = try reader.number(UInt16.self)
        let (length, isV6) = (Int(head >> 1), head & 1 == 1)
        guard length <= (isV6 ? 128 : 32) else { throw .corrupt("a prefix longer than its family's addresses") }
        var bits: UInt128 = 0
        for (index, byte) in try reader.bytes((length + 7) / 8).enumerated() {
            bits |= UInt128(byte) << UInt128(120 - 8 * index)
        }
        guard let prefix = Prefix(masking: IPAddress(leftAligned: bits, isV6: isV6), length: length),
            prefix.leftAligned == bits
        else { throw .corrupt("a prefix with bits behind its length") }
        self = prefix
    }
}

extension MACAddress: ManifestValue {
    func write(to writer: inout ManifestWriter) { writer.bytes(bytes) }

    init(from reader: inout ManifestReader) throws(ImageError) {
        guard let address = MACAddress(bytes: try reader.bytes(6)) else { throw .corrupt("a MAC address") }
        self = address
    }
}

extension TrafficMatch: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.byte(ipProtocol.number)
        writer.number(selectors.lowerBound)
        writer.number(selectors.upperBound)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let ipProtocol = IPProtocol(try reader.byte())
        let (first, last): (UInt16, UInt16) = (try reader.number(), try reader.number())
        guard first <= last else { throw .corrupt("a range of ports that ends before it begins") }
        self.init(ipProtocol, first...last)
    }
}
