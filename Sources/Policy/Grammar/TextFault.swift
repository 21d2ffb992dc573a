/// Why a short text (a port, a flow) does not follow its grammar.
struct TextFault: Error, Hashable, Sendable {
    /// Lower case, no full stop.
    var what: String
    /// What to write instead.
    var hint: String?

    init(_ what: String, _ hint: String? = nil) {
        self.what = what
        self.hint = hint
    }
}

/// A decimal number without sign and leading zeros that fits.
func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
    let digits = text.utf8
    guard let first = digits.first, digits.allSatisfy({ (48...57).contains($0) }), first != 48 || digits.count == 1
    else { return nil }
    return Number(text)
}
