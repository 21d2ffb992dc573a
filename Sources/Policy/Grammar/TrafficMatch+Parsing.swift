internal import Net

extension TrafficMatch {
    /// One entry of `ports`: `443/tcp`, `8000-8099/udp`, `tcp`, `icmp/echo-request`, `icmp/3/4`, `gre`, `ip/47`.
    init(parsing text: String) throws(TextFault) {
        let fields = text.split(separator: "/", omittingEmptySubsequences: false)
        let first = fields[0]
        if let byte = first.utf8.first, (48...57).contains(byte) {
            self = try Self.ports(fields, text)
        } else if first == "ip" {
            self.init(try IPProtocol(number: fields, text))
        } else {
            let ipProtocol = try IPProtocol(parsing: first)
            if ipProtocol.isICMP {
                self = try Self.icmp(ipProtocol, fields, text)
            } else if fields.count == 1 {
                self.init(ipProtocol)
            } else {
                throw TextFault(
                    "\(quoted(text)) has something after the protocol",
                    ipProtocol.hasPorts ? "write the port first, as 443/\(ipProtocol)" : "write \(ipProtocol)")
            }
        }
    }

    private static func ports(_ fields: [Substring], _ text: String) throws(TextFault) -> TrafficMatch {
        guard fields.count > 1 else {
            throw TextFault("the port \(quoted(text)) has no protocol", "write \(text.prefix(11))/tcp or /udp")
        }
        let ipProtocol = try IPProtocol(parsing: fields[1])
        guard ipProtocol.hasPorts else {
            throw TextFault("\(ipProtocol) has no ports", ipProtocol.isICMP ? "write \(ipProtocol)/TYPE" : nil)
        }
        let bounds = fields[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard fields.count == 2, bounds.allSatisfy({ decimal($0) as Int? != nil || Self.isHuge($0) }) else {
            throw TextFault("\(quoted(text)) is no port", "write it like 443/tcp or 8000-8099/tcp")
        }
        let ports = bounds.compactMap { decimal($0) as UInt16? }
        guard ports.count == bounds.count, let low = ports.first, let high = ports.last, low > 0 else {
            throw TextFault("\(quoted(text)) is out of range", "ports are 1 to 65535")
        }
        guard low <= high else { throw TextFault("the range \(quoted(text)) ends before it starts") }
        return TrafficMatch(ipProtocol, low...high)
    }

    /// Digits only, too many for a number.
    private static func isHuge(_ text: Substring) -> Bool {
        text.utf8.count > 18 && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    private static func icmp(
        _ ipProtocol: IPProtocol, _ fields: [Substring], _ text: String
    ) throws(TextFault) -> TrafficMatch {
        switch fields.count {
        case 1: return TrafficMatch(ipProtocol)
        case 2: return TrafficMatch(ipProtocol, icmpType: try Self.icmpType(fields[1], ipProtocol))
        case 3:
            let type = try Self.icmpType(fields[1], ipProtocol)
            guard let code: UInt8 = decimal(fields[2]) else {
                throw TextFault("\(quoted(String(fields[2]))) is no \(ipProtocol) code", "codes are 0 to 255")
            }
            return TrafficMatch(ipProtocol, icmpType: type, code: code)
        default:
            throw TextFault("\(quoted(text)) has too many parts", "write \(ipProtocol)/TYPE or \(ipProtocol)/TYPE/CODE")
        }
    }

    /// A type by its number or by its name in nftables.
    private static func icmpType(_ text: Substring, _ ipProtocol: IPProtocol) throws(TextFault) -> UInt8 {
        if let number: UInt8 = decimal(text) { return number }
        if let number = ICMPType.number(of: text, ipProtocol) { return number }
        let other: IPProtocol = ipProtocol == .icmp ? .icmpv6 : .icmp
        var nearest = Nearest()
        let hint =
            ICMPType.number(of: text, other) != nil
            ? "it is a type of \(other)"
            : nearest.name(to: String(text), among: ICMPType.names(ipProtocol)).map { "did you mean \($0)?" }
                ?? "types are 0 to 255, or a name like echo-request"
        throw TextFault("\(quoted(String(text))) is no \(ipProtocol) type", hint)
    }
}

extension IPProtocol {
    init(parsing name: Substring) throws(TextFault) {
        if let known = IPProtocol(name: name) {
            self = known
            return
        }
        var nearest = Nearest()
        throw TextFault(
            "unknown protocol \(quoted(String(name)))",
            nearest.name(to: String(name), among: IPProtocol.knownNames).map { "did you mean \($0)?" }
                ?? "use \(IPProtocol.knownNames.joined(separator: ", ")), or ip/NUMBER")
    }

    /// The fields of `ip/NUMBER`.
    init(number fields: [Substring], _ text: String) throws(TextFault) {
        guard fields.count == 2, let number: UInt8 = decimal(fields[1]) else {
            throw TextFault("\(quoted(text)) is no protocol", "write ip/NUMBER with a number from 0 to 255")
        }
        self.init(number)
    }
}
