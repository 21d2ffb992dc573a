import Net
import Packets

/// An IP packet taken apart as far as the data path looks, after all checks that need no state.
struct Datagram {
    struct Fragment {
        let identification: UInt32
        /// Units of eight bytes.
        let offset: UInt16
    }

    let source: IPAddress
    let destination: IPAddress
    let trafficClass: UInt8
    let hopLimit: UInt8
    /// Behind all extension headers that were walked.
    let ipProtocol: IPProtocol
    /// `nil` for a whole packet, be it in an atomic fragment (RFC 6946).
    let fragment: Fragment?
    /// The packet by its own length.
    let bytes: ArraySlice<UInt8>
    /// What the header calls the packet's first part: with IPv4's options, without IPv6's extension headers.
    let headerLength: Int
    let payload: ArraySlice<UInt8>
    /// What follows the packet in its frame; goes wherever the packet goes.
    let trailer: ArraySlice<UInt8>

    static let mostExtensionHeaders = 6

    var family: IPAddress.Family { source.family }
    /// The ICMP of the packet's own family.
    var isICMP: Bool { ipProtocol == (family == .v4 ? .icmp : .icmpv6) }
    var isLaterFragment: Bool { fragment.map { $0.offset > 0 } ?? false }

    init(_ content: ArraySlice<UInt8>, _ family: IPAddress.Family) throws(Refusal) {
        switch family {
        case .v4: try self.init(v4: content)
        case .v6: try self.init(v6: content)
        }
        guard hopLimit > 0, !hasImpossibleAddresses else { throw .malformed }
        // Would overwrite the flags of the header that was let through (RFC 3128).
        guard fragment?.offset != 1 || ipProtocol != .tcp else { throw .malformed }
    }

    /// No honest sender uses these. The node's own addresses are another matter.
    private var hasImpossibleAddresses: Bool {
        switch (source, destination) {
        case (.v4(let from), .v4(let to)):
            from.isMulticast || from.isLoopback || from.isLimitedBroadcast || to.isLoopback || from == to
        case (.v6(let from), .v6(let to)):
            from.isMulticast || from.isLoopback || from.isV4Mapped || to.isLoopback || to.isV4Mapped || from == to
        default: true
        }
    }

    private init(v4 content: ArraySlice<UInt8>) throws(Refusal) {
        guard content.count >= 20, content.byte(0) >> 4 == 4 else { throw .malformed }
        headerLength = Int(content.byte(0) & 0xF) * 4
        let total = Int(content.big16(2))
        guard headerLength >= 20, headerLength <= total, total <= content.count else { throw .malformed }
        trafficClass = content.byte(1)
        hopLimit = content.byte(8)
        ipProtocol = IPProtocol(content.byte(9))
        source = .v4(IPv4Address(content.big32(12)))
        destination = .v4(IPv4Address(content.big32(16)))
        let (offset, more) = (content.big16(6) & 0x1FFF, content.big16(6) & 0x2000 != 0)
        fragment = offset > 0 || more ? Fragment(identification: UInt32(content.big16(4)), offset: offset) : nil
        bytes = content.prefix(total)
        payload = bytes.dropFirst(headerLength)
        trailer = content.dropFirst(total)
    }

    private init(v6 content: ArraySlice<UInt8>) throws(Refusal) {
        guard content.count >= 40, content.byte(0) >> 4 == 6 else { throw .malformed }
        let total = 40 + Int(content.big16(4))
        guard total <= content.count, let source = IPAddress(bytes: content.dropFirst(8).prefix(16)),
            let destination = IPAddress(bytes: content.dropFirst(24).prefix(16))
        else { throw .malformed }
        trafficClass = UInt8(truncatingIfNeeded: content.big16(0) >> 4)
        hopLimit = content.byte(7)
        self.source = source
        self.destination = destination
        headerLength = 40
        bytes = content.prefix(total)
        trailer = content.dropFirst(total)
        let chain = try ExtensionChain(bytes.dropFirst(40), first: content.byte(6))
        ipProtocol = chain.ipProtocol
        fragment = chain.fragment
        payload = chain.payload
    }
}

/// IPv6 extension headers, walked up to the payload, or up to a later fragment's data.
private struct ExtensionChain {
    var ipProtocol: IPProtocol
    var fragment: Datagram.Fragment?
    var payload: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>, first: UInt8) throws(Refusal) {
        payload = bytes
        ipProtocol = IPProtocol(first)
        var walked = 0
        while [0, 43, 44, 60].contains(ipProtocol.number), (fragment?.offset ?? 0) == 0 {
            guard walked < Datagram.mostExtensionHeaders, payload.count >= 8 else { throw .malformed }
            var length = (Int(payload.byte(1)) + 1) * 8
            if ipProtocol.number == 44 {
                guard fragment == nil else { throw .malformed }
                length = 8
                let (offset, more) = (payload.big16(2) >> 3, payload.big16(2) & 1 == 1)
                if offset > 0 || more { fragment = .init(identification: payload.big32(4), offset: offset) }
            }
            guard length <= payload.count else { throw .malformed }
            ipProtocol = IPProtocol(payload.byte(0))
            payload = payload.dropFirst(length)
            walked += 1
        }
    }
}
