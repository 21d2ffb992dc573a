internal import Policy

/// Reads what ``ManifestWriter`` wrote. Whatever the bytes are, the outcome is a value or an error.
struct ManifestReader {
    private let bytes: [UInt8]
    private var position = 0
    private var files: [String] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private static var truncated: ImageError { .corrupt("the manifest ends too early") }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(ImageError) -> UInt8 {
        guard position < bytes.count else { throw Self.truncated }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func bytes(_ count: Int) throws(ImageError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw Self.truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// In network order.
    mutating func bigEndian<Number: FixedWidthInteger>() throws(ImageError) -> Number {
        try bytes(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type = Number.self
    ) throws(ImageError) -> Number {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw .corrupt("a number of more than 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            shift += 7
            if next < 0x80 { break }
        }
        guard let number = Number(exactly: value) else { throw .corrupt("a number out of range") }
        return number
    }

    mutating func signed<Number: FixedWidthInteger & SignedInteger>(
        _: Number.Type = Number.self
    ) throws(ImageError) -> Number {
        let value = try number(UInt64.self)
        let signed = Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
        guard let number = Number(exactly: signed) else { throw .corrupt("a number out of range") }
        return number
    }

    mutating func flag() throws(ImageError) -> Bool {
        let value = try byte()
        guard value <= 1 else { throw .corrupt("a flag that is neither set nor clear") }
        return value == 1
    }

    mutating func text() throws(ImageError) -> String {
        guard let text = String(validating: try bytes(try count()), as: UTF8.self) else {
            throw .corrupt("text that is not UTF-8")
        }
        return text
    }

    /// Of elements that take a byte at least, so that no count makes anyone reserve more than the manifest's size.
    mutating func count() throws(ImageError) -> Int {
        let count = try number(UInt32.self)
        guard Int(count) <= bytes.count - position else { throw Self.truncated }
        return Int(count)
    }

    mutating func list<Value: ManifestValue>(_: Value.Type = Value.self) throws(ImageError) -> [Value] {
        let count = try count()
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try Value(from: &self)) }
        return values
    }

    mutating func optional<Value: ManifestValue>(_: Value.Type = Value.self) throws(ImageError) -> Value? {
        try flag() ? try Value(from: &self) : nil
    }

    mutating func name<Value: RawRepresentable<String>>(_: Value.Type = Value.self) throws(ImageError) -> Value {
        let name = try text()
        guard let value = Value(rawValue: name) else { throw .corrupt("an unknown name, '\(name)'") }
        return value
    }

    mutating func sourcePosition() throws(ImageError) -> Position {
        let file = try number(UInt32.self)
        if file == files.count { files.append(try text()) }
        guard file < files.count else { throw .corrupt("a position in no file") }
        return Position(file: files[Int(file)], line: try signed(), column: try signed())
    }
}
