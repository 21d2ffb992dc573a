/// RFC 4648 base64, for objects that lie in the executable as text.
enum Base64 {
    /// Nil where `text` has a character that is none of base64's, or a length that is no multiple of four.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { output, count in
            for group in 0..<text.count / 4 {
                var bits: UInt32 = 0
                for place in 0..<4 {
                    let index = group * 4 + place
                    let digit = index >= text.count - padding ? 0 : digits[Int(text[index])]
                    isValid = isValid && digit >= 0
                    bits = bits << 6 | UInt32(truncatingIfNeeded: digit)
                }
                output[group * 3] = UInt8(truncatingIfNeeded: bits >> 16)
                output[group * 3 + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                output[group * 3 + 2] = UInt8(truncatingIfNeeded: bits)
            }
            count = text.count / 4 * 3
        }
        return isValid ? Array(bytes.dropLast(padding)) : nil
    }

    /// The value of each byte as a digit, -1 for others.
    private static let digits: [Int8] = {
        var digits = [Int8](repeating: -1, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { digits[Int(character)] = Int8(value) }
        return digits
    }()
}

extension ObjectFile {
    /// Opens an object that is embedded as base64, as the CompileBPF plugin does it.
    public init(base64: StaticString, name: String) throws(BPFError) {
        let text = UnsafeBufferPointer(start: base64.utf8Start, count: base64.utf8CodeUnitCount)
        guard let bytes = Base64.decode(text) else {
            throw BPFError("open object \(name)", code: 22, hint: "its text is no base64")
        }
        try self.init(bytes, name: name)
    }
}
