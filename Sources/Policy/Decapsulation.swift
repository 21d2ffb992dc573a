public import Net

/// A tunnel header that an interface takes off.
public struct Decapsulation: Hashable, Sendable {
    public enum Encapsulation: String, Hashable, Sendable, CaseIterable { case ipip, gue, vxlan, geneve }

    public var encapsulation: Encapsulation
    /// The UDP port that packets come to; 0 for ipip, which has none.
    public var port: UInt16
    /// Virtual networks whose packets are taken, 0…2^24-1, rising; empty: of all.
    public var vnis: [UInt32]

    /// - Parameter port: `nil`: the standard one.
    public init(_ encapsulation: Encapsulation, port: UInt16? = nil, vnis: [UInt32] = []) {
        self.encapsulation = encapsulation
        self.port = port ?? encapsulation.standardPort ?? 0
        self.vnis = vnis
    }

    public static let ipip = Decapsulation(.ipip)
}

extension Decapsulation: CustomStringConvertible {
    public var description: String {
        var text = encapsulation.rawValue
        if let standard = encapsulation.standardPort, port != standard { text += " port \(port)" }
        if !vnis.isEmpty { text += " vnis \(vnis.map(String.init).joined(separator: ","))" }
        return text
    }
}

extension Decapsulation.Encapsulation {
    /// The UDP destination port that IANA assigned; `nil` where there is no UDP header.
    public var standardPort: UInt16? {
        switch self {
        case .ipip: nil
        case .gue: 6080
        case .vxlan: 4789
        case .geneve: 6081
        }
    }

    /// Carries Ethernet frames of numbered virtual networks.
    public var hasNetworks: Bool { self == .vxlan || self == .geneve }
}

extension Service.Forward {
    /// What is put in front of packets; `nil` where nothing is.
    public var encapsulation: Decapsulation.Encapsulation? { Decapsulation.Encapsulation(rawValue: rawValue) }

    /// Carries Ethernet frames of numbered virtual networks.
    public var hasNetworks: Bool { encapsulation?.hasNetworks ?? false }
}

extension Service {
    /// A virtual network's number: 24 bits (RFC 7348, section 5; RFC 8926, section 3.4).
    public static let highestVNI: UInt32 = 0xFF_FFFF
}

extension Service.Forward {
    /// Bytes that a packet to a backend of a family grows by: IP 20 or 40, UDP 8, GUE 4, VXLAN or Geneve 8 and the
    /// Ethernet header inside 14.
    public func overhead(to family: IPAddress.Family) -> Int {
        let outer = family == .v4 ? 20 : 40
        return switch encapsulation {
        case nil: 0
        case .ipip: outer
        case .gue: outer + 8 + 4
        case .vxlan, .geneve: outer + 8 + 8 + 14
        }
    }
}
