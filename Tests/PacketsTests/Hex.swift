/// Bytes from hexadecimal text; everything from `//` to the end of a line is a note, white space means nothing.
func hex(_ text: String) -> [UInt8] {
    let digits = text.split(whereSeparator: \.isNewline).flatMap { line in
        line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex).compactMap(\.hexDigitValue)
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
