import Net
import Packets

extension Oracle {
    /// The flow of the packet that an ICMP error quotes, as that packet names it; it was sent from the
    /// error's destination.
    ///
    /// `nil` where the quote has no header of the error's family, or less than the eight bytes behind it that RFC 792
    /// asks for; where it is a later fragment, or not from the error's destination; and where the error itself came in
    /// fragments. IPv6 extension headers in the quote are not walked.
    func quotedFlow(_ error: Datagram) -> FlowKey? {
        guard error.fragment == nil else { return nil }
        let quote = error.payload.dropFirst(8)
        let length: Int
        let ends: (IPAddress, IPAddress)
        let number: UInt8
        switch error.family {
        case .v4:
            guard quote.count >= 20, quote.byte(0) >> 4 == 4, quote.byte(0) & 0xF >= 5, quote.big16(6) & 0x1FFF == 0
            else { return nil }
            length = Int(quote.byte(0) & 0xF) * 4
            number = quote.byte(9)
            ends = (.v4(IPv4Address(quote.big32(12))), .v4(IPv4Address(quote.big32(16))))
        case .v6:
            guard quote.count >= 40, quote.byte(0) >> 4 == 6,
                let source = IPAddress(bytes: quote.dropFirst(8).prefix(16)),
                let destination = IPAddress(bytes: quote.dropFirst(24).prefix(16))
            else { return nil }
            length = 40
            number = quote.byte(6)
            ends = (source, destination)
        }
        let content = quote.dropFirst(length)
        guard content.count >= 8, ends.0 == error.destination else { return nil }
        let ipProtocol = IPProtocol(number)
        var ports: (UInt16, UInt16) = (0, 0)
        if ipProtocol.hasPorts {
            ports = (content.big16(0), content.big16(2))
        } else if ipProtocol == error.ipProtocol {
            ports = (content.big16(4), content.big16(4))
        }
        return FlowKey(
            source: ends.0, destination: ends.1, sourcePort: ports.0, destinationPort: ports.1, ipProtocol: ipProtocol)
    }
}
