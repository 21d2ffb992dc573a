internal import Net

extension Flow {
    /// Reads a flow as the command line and `tests` write it.
    ///
    /// - Parameters:
    ///   - from: `ADDRESS`, `ADDRESS:PORT`, IPv6 with a port in brackets.
    ///   - to: `192.0.2.10:443/tcp`, `[2001:db8::10]:443/udp`, `10.0.0.1/icmp/echo-request`, `10.0.0.1/ip/47`. ICMP
    ///     without a code is code 0.
    /// - Throws: which of the two is wrong, and why. Any address is an address here: that a source is impossible is an
    ///   answer of the data path.
    public init(from: String, to: String) throws(FlowSyntaxError) {
        let source: FlowAddress
        do { source = try FlowAddress(parsing: from) } catch { throw error.at(.from) }
        let destination: FlowAddress
        let traffic: (ipProtocol: IPProtocol, selector: UInt16)
        do { (destination, traffic) = try Self.destination(to) } catch { throw error.at(.to) }
        guard source.address.family == destination.address.family else {
            throw FlowSyntaxError(
                "\(source.address) cannot send to \(destination.address)", "both must be IPv4, or both IPv6"
            ).at(.to)
        }
        guard source.port == nil || traffic.ipProtocol.hasPorts else {
            throw FlowSyntaxError("\(traffic.ipProtocol) has no ports", "leave the source's port out").at(.from)
        }
        self.init(
            source: source.address, sourcePort: source.port, destination: destination.address,
            ipProtocol: traffic.ipProtocol, selector: traffic.selector)
    }

    private static func destination(
        _ text: String
    ) throws(FlowSyntaxError) -> (FlowAddress, (ipProtocol: IPProtocol, selector: UInt16)) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let end = try FlowAddress(parsing: parts[0])
        guard parts.count == 2 else {
            throw FlowSyntaxError("\(quoted(text)) has no protocol", "append one, as in \(end.example(.tcp))")
        }
        let match: TrafficMatch
        do {
            match = try TrafficMatch(parsing: String(parts[1]))
        } catch {
            throw FlowSyntaxError(error.what, error.hint)
        }
        return (end, (match.ipProtocol, try selector(of: match, end)))
    }

    /// What one packet of `match` has: the port written at the address, or the ICMP type with one code.
    private static func selector(of match: TrafficMatch, _ end: FlowAddress) throws(FlowSyntaxError) -> UInt16 {
        let ipProtocol = match.ipProtocol
        let isWhole = match == TrafficMatch(ipProtocol)
        if ipProtocol.hasPorts {
            guard isWhole, let port = end.port else {
                throw FlowSyntaxError("\(ipProtocol) needs a port", "write it like \(end.example(ipProtocol))")
            }
            return port
        }
        guard end.port == nil else {
            throw FlowSyntaxError("\(ipProtocol) has no ports", "leave the port out")
        }
        guard ipProtocol.isICMP else { return 0 }
        guard (ipProtocol == .icmp) == (end.address.family == .v4) else {
            let other: IPProtocol = ipProtocol == .icmp ? .icmpv6 : .icmp
            throw FlowSyntaxError("\(end.address) does not speak \(ipProtocol)", "use \(other)")
        }
        guard !isWhole else {
            throw FlowSyntaxError("\(ipProtocol) needs a type", "write it like \(ipProtocol)/echo-request")
        }
        return match.selectors.lowerBound
    }
}

extension Flow {
    /// The source in the form that ``init(from:to:)`` reads.
    public var from: String { FlowAddress(source, port: sourcePort).description }

    /// The destination in the form that ``init(from:to:)`` reads.
    public var to: String {
        if ipProtocol.hasPorts { return "\(FlowAddress(destination, port: selector))/\(ipProtocol)" }
        let host = destination.family == .v6 ? "[\(destination)]" : "\(destination)"
        guard ipProtocol.isICMP else { return "\(host)/\(ipProtocol)" }
        let (type, code) = (UInt8(selector >> 8), UInt8(selector & 0xFF))
        let name = ICMPType.name(of: type, ipProtocol) ?? "\(type)"
        return "\(host)/\(ipProtocol)/\(name)" + (code == 0 ? "" : "/\(code)")
    }
}

extension FlowAddress {
    /// The address as it is written with a port and a protocol.
    fileprivate func example(_ ipProtocol: IPProtocol) -> String {
        "\(FlowAddress(address, port: port ?? 443))/\(ipProtocol)"
    }
}
