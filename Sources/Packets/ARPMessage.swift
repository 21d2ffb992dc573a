public import Net

/// An ARP message for IPv4 over Ethernet (RFC 826).
public struct ARPMessage: Hashable, Sendable {
    public static let etherType: UInt16 = 0x0806

    /// 1 asks, 2 answers.
    public var operation: UInt16
    public var senderMAC: MACAddress
    public var sender: IPv4Address
    public var targetMAC: MACAddress
    public var target: IPv4Address

    public init(
        operation: UInt16 = 1, from sender: IPv4Address, _ senderMAC: MACAddress = Frame.anySource,
        to target: IPv4Address, _ targetMAC: MACAddress = MACAddress(octets: (0, 0, 0, 0, 0, 0))
    ) {
        self.operation = operation
        self.senderMAC = senderMAC
        self.sender = sender
        self.targetMAC = targetMAC
        self.target = target
    }

    /// Hardware type 1, protocol type IPv4, lengths 6 and 4.
    private static let start: [UInt8] = [0, 1, 8, 0, 6, 4]

    var bytes: [UInt8] {
        var bytes = Self.start
        bytes.append(big: operation)
        return bytes + senderMAC.bytes + sender.bytes + targetMAC.bytes + target.bytes
    }

    init?(parsing bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 28, bytes.starts(with: Self.start),
            let senderMAC = MACAddress(bytes: bytes.dropFirst(8).prefix(6)),
            let targetMAC = MACAddress(bytes: bytes.dropFirst(18).prefix(6))
        else { return nil }
        self.init(
            operation: bytes.big16(6), from: IPv4Address(bytes.big32(14)), senderMAC,
            to: IPv4Address(bytes.big32(24)), targetMAC)
    }
}
