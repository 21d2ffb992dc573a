internal import Policy

/// What can be written to a manifest and read back.
protocol ManifestValue {
    func write(to writer: inout ManifestWriter)
    init(from reader: inout ManifestReader) throws(ImageError)
}

/// Appends values: integers as variable-length numbers (LEB128, as in DWARF), text and lists behind their length.
struct ManifestWriter {
    private(set) var bytes: [UInt8] = []
    /// Names of files, each written out only once.
    private var files: [String: Int] = [:]

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func bytes(_ values: some Sequence<UInt8>) { bytes.append(contentsOf: values) }

    /// In network order.
    mutating func bigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func number(_ value: some FixedWidthInteger & UnsignedInteger) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Small magnitudes stay short, whatever their sign.
    mutating func signed(_ value: Int) { number(UInt64(bitPattern: Int64(value << 1 ^ value >> (Int.bitWidth - 1)))) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func text(_ value: String) {
        number(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func list(_ values: some Collection<some ManifestValue>) {
        number(UInt64(values.count))
        for value in values { value.write(to: &self) }
    }

    mutating func optional(_ value: (some ManifestValue)?) {
        flag(value != nil)
        value?.write(to: &self)
    }

    /// By its raw value, so that reordering the cases in the source changes nothing.
    mutating func name(_ value: some RawRepresentable<String>) { text(value.rawValue) }

    mutating func position(_ value: Position) {
        let file = files[value.file] ?? files.count
        number(UInt64(file))
        if file == files.count {
            files[value.file] = file
            text(value.file)
        }
        signed(value.line)
        signed(value.column)
    }
}
