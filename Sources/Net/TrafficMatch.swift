/// One entry of a rule's `ports`: a protocol and a range of selectors.
///
/// The *selector* is what tells traffic of one protocol apart: the destination port of TCP, UDP and SCTP; type × 256 +
/// code of ICMP and ICMPv6; 0 for every other protocol. With it, ports and ICMP types are one thing to every table.
public struct TrafficMatch: Hashable, Sendable {
    public var ipProtocol: IPProtocol
    public var selectors: ClosedRange<UInt16>

    public init(_ ipProtocol: IPProtocol, _ selectors: ClosedRange<UInt16> = 0...UInt16.max) {
        self.ipProtocol = ipProtocol
        self.selectors = selectors
    }

    public init(_ ipProtocol: IPProtocol, port: UInt16) {
        self.init(ipProtocol, port...port)
    }

    /// One ICMP type with one code, or with all of its codes.
    public init(_ ipProtocol: IPProtocol, icmpType: UInt8, code: UInt8? = nil) {
        let first = UInt16(icmpType) << 8
        self.init(ipProtocol, code.map { first | UInt16($0)...first | UInt16($0) } ?? first...first | 0xFF)
    }

    public func contains(_ ipProtocol: IPProtocol, _ selector: UInt16) -> Bool {
        self.ipProtocol == ipProtocol && selectors.contains(selector)
    }

    public func overlaps(_ other: TrafficMatch) -> Bool {
        ipProtocol == other.ipProtocol && selectors.overlaps(other.selectors)
    }
}

extension TrafficMatch: CustomStringConvertible {
    /// In the file's own syntax: `443/tcp`, `8000-8099/udp`, `tcp`, `icmp/echo-request`, `icmp/3/4`, `ip/47`.
    public var description: String {
        if selectors == 0...UInt16.max || !(ipProtocol.hasPorts || ipProtocol.isICMP) {
            return ipProtocol.description
        }
        if ipProtocol.hasPorts {
            let (first, last) = (selectors.lowerBound, selectors.upperBound)
            return first == last ? "\(first)/\(ipProtocol)" : "\(first)-\(last)/\(ipProtocol)"
        }
        let type = UInt8(selectors.lowerBound >> 8)
        let name = ICMPType.name(of: type, ipProtocol) ?? "\(type)"
        return selectors.count == 1
            ? "\(ipProtocol)/\(name)/\(selectors.lowerBound & 0xFF)" : "\(ipProtocol)/\(name)"
    }
}
