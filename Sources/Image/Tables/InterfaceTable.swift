internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

/// The interfaces by the kernel's index, found without a search: a multiplication spreads the indices without collision.
struct InterfaceTable: Equatable, Sendable {
    var multiplier: UInt32
    var bits: UInt32
    var words: [UInt32]

    init(multiplier: UInt32, bits: UInt32, words: [UInt32]) {
        self.multiplier = multiplier
        self.bits = bits
        self.words = words
    }

    init(_ interfaces: [InterfaceState]) throws(ImageError) {
        let indices = interfaces.map(\.index)
        guard Set(indices).count == indices.count, !indices.contains(0) else {
            throw .inconsistent("interfaces without an index of their own")
        }
        (multiplier, bits) = Self.perfectHash(indices)
        words = [UInt32](repeating: 0, count: Line.words << Int(bits))
        for state in interfaces {
            var line = [UInt32]()
            line.append(bytesOf: Self.entry(state))
            let first = Self.position(state.index, multiplier, bits) * Line.words
            words.replaceSubrange(first..<first + Line.words, with: line)
        }
    }

    static func position(_ index: UInt32, _ multiplier: UInt32, _ bits: UInt32) -> Int {
        Int((index &* multiplier) >> (32 - bits))
    }

    /// The smallest table that one of a fixed sequence of odd multipliers fills without collision.
    private static func perfectHash(_ indices: [UInt32]) -> (multiplier: UInt32, bits: UInt32) {
        var bits: UInt32 = 1
        while true {
            // A table of 2^32 entries takes every multiplier that is odd, so the search ends.
            for attempt in 0..<UInt64(1024) where indices.count <= 1 << bits {
                let multiplier = hash_mix(attempt + 1).lowWord | 1
                if Set(indices.map { position($0, multiplier, bits) }).count == indices.count {
                    return (multiplier, bits)
                }
            }
            bits += 1
        }
    }

    private static func entry(_ state: InterfaceState) -> interface {
        var entry = interface()
        entry.index = state.index
        entry.slot = state.slot
        entry.mtu = UInt32(clamping: state.mtu)
        if state.decapsulate.contains(.ipip) { entry.flags |= UInt32(INTERFACE_DECAPSULATE_IPIP) }
        if case .fixed(let hop) = state.nextHop {
            entry.flags |= UInt32(INTERFACE_FIXED_HOP)
            withUnsafeMutableBytes(of: &entry.next_hop) { $0.copyBytes(from: hop.bytes) }
        }
        if let mac = state.mac { withUnsafeMutableBytes(of: &entry.mac) { $0.copyBytes(from: mac.bytes) } }
        return entry
    }
}
