extension Array where Element == UInt8 {
    /// Appends a number in network order.
    package mutating func append(big value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends zeros up to a multiple of `unit`.
    mutating func pad(to unit: Int) {
        while count % unit != 0 { append(0) }
    }
}

extension ArraySlice where Element == UInt8 {
    /// The network-order number at `offset` bytes from the slice's own start; the bytes must exist.
    package func big16(_ offset: Int) -> UInt16 {
        UInt16(self[startIndex + offset]) << 8 | UInt16(self[startIndex + offset + 1])
    }

    package func big32(_ offset: Int) -> UInt32 {
        UInt32(big16(offset)) << 16 | UInt32(big16(offset + 2))
    }

    /// The byte at `offset` from the slice's own start.
    package func byte(_ offset: Int) -> UInt8 { self[startIndex + offset] }
}

extension Array where Element == UInt8 {
    /// Overwrites two bytes with a number in network order.
    package mutating func store(big value: UInt16, at offset: Int) {
        self[offset] = UInt8(value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}

extension ArraySlice where Element == UInt8 {
    /// A copy with two bytes overwritten; for the checksum that a parsed header should have.
    func with(big value: UInt16, at offset: Int) -> [UInt8] {
        var copy = Array(self)
        copy.store(big: value, at: offset)
        return copy
    }
}

/// What a parsed header keeps of a field that the serialiser can compute: nothing where it is right.
func unless<Value: Equatable>(_ found: Value, is right: Value) -> Value? { found == right ? nil : found }
