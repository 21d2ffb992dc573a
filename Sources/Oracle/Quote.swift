import Net
import Packets

/// The packet that an ICMP error is about, as far as the error quotes it.
struct Quote {
    /// As the quoted packet names its flow; its source is where the error goes to.
    let flow: FlowKey
    /// The quoted packet was an ICMP message other than an echo request, which belongs to no flow.
    let isOtherICMP: Bool

    /// `error`: an ICMP message whole, at least eight bytes. `nil` where the quote has no header of the same family, or
    /// less than the eight bytes behind it that RFC 792 asks for. Extension headers are not walked.
    init?(_ error: ArraySlice<UInt8>, _ family: IPAddress.Family) {
        let quote = error.dropFirst(8)
        let length: Int
        let number: UInt8
        let ends: (IPAddress, IPAddress)
        switch family {
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
        guard content.count >= 8 else { return nil }
        var flow = FlowKey(
            source: ends.0, destination: ends.1, sourcePort: 0, destinationPort: 0, ipProtocol: IPProtocol(number))
        var isOtherICMP = false
        if flow.ipProtocol.hasPorts {
            flow.sourcePort = content.big16(0)
            flow.destinationPort = content.big16(2)
        } else if flow.ipProtocol.isICMP {
            isOtherICMP = content.byte(0) != (family == .v4 ? 8 : 128)
            flow.sourcePort = content.big16(4)
            flow.destinationPort = content.big16(4)
        }
        self.flow = flow
        self.isOtherICMP = isOtherICMP
    }
}
