public import Net

/// An end of a flow as people write it: `10.0.0.1`, `10.0.0.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.
public struct FlowAddress: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16?

    public init(_ address: IPAddress, port: UInt16? = nil) {
        self.address = address
        self.port = port
    }

    /// - Throws: what is wrong with the text, for people to read.
    public init(parsing text: some StringProtocol) throws(FlowSyntaxError) {
        let host: Substring
        let tail: Substring
        let text = Substring(text)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"),
                let v6 = IPv6Address(text[text.index(after: text.startIndex)..<end])
            else { throw FlowSyntaxError("\(quoted(String(text))) is no IPv6 address in brackets") }
            address = .v6(v6)
            tail = text[text.index(after: end)...]
        } else if let whole = IPAddress(text) {
            address = whole
            tail = ""
        } else {
            host = text.prefix { $0 != ":" }
            guard let v4 = IPv4Address(host) else {
                throw FlowSyntaxError("\(quoted(String(text))) is no address", "write it like 10.0.0.1 or 2001:db8::1")
            }
            address = .v4(v4)
            tail = text.dropFirst(host.count)
        }
        guard !tail.isEmpty else { return }
        guard tail.hasPrefix(":") else {
            throw FlowSyntaxError("unexpected \(quoted(String(tail))) after the address")
        }
        guard let port: UInt16 = decimal(tail.dropFirst()) else {
            throw FlowSyntaxError("\(quoted(String(tail.dropFirst()))) is no port", "ports are 0 to 65535")
        }
        self.port = port
    }
}

extension FlowAddress: CustomStringConvertible {
    /// In the form that is parsed, brackets only where a port follows.
    public var description: String {
        switch (address, port) {
        case (_, nil): "\(address)"
        case (.v4, let port?): "\(address):\(port)"
        case (.v6, let port?): "[\(address)]:\(port)"
        }
    }
}

/// Why a flow cannot be read.
public struct FlowSyntaxError: Error, Hashable, Sendable {
    /// Which of the two texts is wrong.
    public enum Part: Hashable, Sendable { case from, to }

    public var part: Part = .from
    /// Lower case, no full stop.
    public var what: String
    /// What to write instead.
    public var hint: String?

    init(_ what: String, _ hint: String? = nil) {
        self.what = what
        self.hint = hint
    }

    func at(_ part: Part) -> FlowSyntaxError {
        var error = self
        error.part = part
        return error
    }
}

extension FlowSyntaxError: CustomStringConvertible {
    /// `what: hint`
    public var description: String { what + (hint.map { ": \($0)" } ?? "") }
}
