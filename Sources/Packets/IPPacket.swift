public import Net

/// An IP packet of either family.
public enum IPPacket: Hashable, Sendable {
    case v4(IPv4Packet)
    case v6(IPv6Packet)

    /// A plain packet between two addresses, which must be of one family.
    public init(from source: IPAddress, to destination: IPAddress, _ payload: Payload) {
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            self = .v4(IPv4Packet(from: source, to: destination, payload))
        case (.v6(let source), .v6(let destination)):
            self = .v6(IPv6Packet(from: source, to: destination, payload))
        default: preconditionFailure("\(source) and \(destination) are of different families")
        }
    }

    public var source: IPAddress {
        switch self {
        case .v4(let packet): .v4(packet.source)
        case .v6(let packet): .v6(packet.source)
        }
    }

    public var destination: IPAddress {
        switch self {
        case .v4(let packet): .v4(packet.destination)
        case .v6(let packet): .v6(packet.destination)
        }
    }

    public var payload: Payload {
        get {
            switch self {
            case .v4(let packet): packet.payload
            case .v6(let packet): packet.payload
            }
        }
        set {
            switch self {
            case .v4(var packet):
                packet.payload = newValue
                self = .v4(packet)
            case .v6(var packet):
                packet.payload = newValue
                self = .v6(packet)
            }
        }
    }

    public var bytes: [UInt8] {
        switch self {
        case .v4(let packet): packet.bytes
        case .v6(let packet): packet.bytes
        }
    }
}
