public import Net

/// The hash that gives a flow its place in a service's table.
///
/// It is computed from numbers as a little-endian machine reads them from the packet, so that the data path need not
/// swap any bytes.
public enum FlowHash {
    private static let c1: UInt64 = 0xFF51_AFD7_ED55_8CCD
    private static let c2: UInt64 = 0xC4CE_B9FE_1A85_EC53
    private static let c3: UInt64 = 0x9E37_79B9_7F4A_7C15

    public static func of(
        from source: IPAddress, port sourcePort: UInt16, to destination: IPAddress, port destinationPort: UInt16,
        _ ipProtocol: IPProtocol
    ) -> UInt32 {
        let ports = UInt64(sourcePort.byteSwapped) | UInt64(destinationPort.byteSwapped) << 16
        let rest = (ports | UInt64(ipProtocol.number) << 32) &* c2
        let (from, to) = (littleEndianWords(source), littleEndianWords(destination))
        switch source.family {
        case .v4: return UInt32(truncatingIfNeeded: mix((from[0] | to[0] << 32) &* c3 ^ rest))
        case .v6:
            let from = (from[0] | from[1] << 32) &* c1 ^ (from[2] | from[3] << 32)
            let to = (to[0] | to[1] << 32) &* c2 ^ (to[2] | to[3] << 32)
            return UInt32(truncatingIfNeeded: mix(mix(from &* c3 ^ to) ^ rest))
        }
    }

    /// Of a client, for services that keep clients together.
    public static func of(client: IPAddress) -> UInt32 {
        let words = littleEndianWords(client)
        switch client.family {
        case .v4: return UInt32(truncatingIfNeeded: mix(words[0] &* c3))
        case .v6:
            let folded = (words[0] | words[1] << 32) &* c1 ^ (words[2] | words[3] << 32)
            return UInt32(truncatingIfNeeded: mix(mix(folded) &* c3))
        }
    }

    /// The random number of a position in a stream.
    public static func draw(_ position: UInt64, stream: UInt64) -> UInt64 { mix((position &+ 1) &* c3 &+ stream) }
    /// Other bits of the same hash, for a second decision about the flow.
    static func remixed(_ hash: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: mix(UInt64(hash))) }

    /// A place among `count`, in proportion to the hash.
    public static func scale(_ hash: UInt32, to count: Int) -> Int { Int((UInt64(hash) * UInt64(count)) >> 32) }

    /// 32 bits each.
    private static func littleEndianWords(_ address: IPAddress) -> [UInt64] {
        let bytes = address.bytes
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var x = value
        x ^= x >> 32
        x = x &* c1
        x ^= x >> 29
        x = x &* c2
        x ^= x >> 32
        return x
    }
}

extension FlowKey {
    var hash: UInt32 {
        FlowHash.of(from: source, port: sourcePort, to: destination, port: destinationPort, ipProtocol)
    }
}
