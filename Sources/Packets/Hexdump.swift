/// Sixteen bytes a line: offset, hexadecimal, and what of it is printable ASCII.
public func hexdump(_ bytes: [UInt8]) -> String {
    stride(from: 0, to: bytes.count, by: 16).map { start in
        let row = bytes[start..<min(start + 16, bytes.count)]
        let digits = row.map { padded(String($0, radix: 16), to: 2) }.joined(separator: " ")
        let text = String(row.map { (0x20..<0x7F).contains($0) ? Character(UnicodeScalar($0)) : "." })
        let gap = String(repeating: " ", count: 16 * 3 - 1 - digits.utf8.count)
        return "\(padded(String(start, radix: 16), to: 4))  \(digits)\(gap)  \(text)"
    }.joined(separator: "\n")
}

private func padded(_ digits: String, to width: Int) -> String {
    String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
