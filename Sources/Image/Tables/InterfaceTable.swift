internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

/// The interfaces by the kernel's index, found without a search: a multiplication spreads the indices without collision.
struct InterfaceTable: Equatable, Sendable {
    var multiplier: UInt32
    var bits: UInt32
    /// `1 << bits` interfaces, behind them the VNIs of all of them.
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
        var vnis: [UInt32] = []
        for state in interfaces {
            var line = [UInt32]()
            line.append(bytesOf: Self.entry(state, &vnis))
            let first = Self.position(state.index, multiplier, bits) * Line.words
            words.replaceSubrange(first..<first + Line.words, with: line)
        }
        words += vnis
        words += [UInt32](repeating: 0, count: Line.count(words: vnis.count) * Line.words - vnis.count)
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

    private static func entry(_ state: InterfaceState, _ vnis: inout [UInt32]) -> interface {
        var entry = interface()
        entry.index = state.index
        entry.slot = state.slot
        entry.mtu = UInt32(clamping: state.mtu)
        for one in state.decapsulate {
            entry.flags |= one.encapsulation.flag
            let networks = DataplaneABI.vnis(first: UInt32(vnis.count), count: UInt32(one.vnis.count))
            vnis += one.vnis
            switch one.encapsulation {
            case .ipip: break
            case .gue: entry.gue_port = one.port.bigEndian
            case .vxlan: (entry.vxlan_port, entry.vxlan_vnis) = (one.port.bigEndian, networks)
            case .geneve: (entry.geneve_port, entry.geneve_vnis) = (one.port.bigEndian, networks)
            }
        }
        if case .fixed(let hop) = state.nextHop {
            entry.flags |= UInt32(INTERFACE_FIXED_HOP)
            withUnsafeMutableBytes(of: &entry.next_hop) { $0.copyBytes(from: hop.bytes) }
        }
        if let mac = state.mac { withUnsafeMutableBytes(of: &entry.mac) { $0.copyBytes(from: mac.bytes) } }
        return entry
    }
}

extension Decapsulation.Encapsulation {
    /// `INTERFACE_DECAPSULATE_…`
    var flag: UInt32 {
        switch self {
        case .ipip: UInt32(INTERFACE_DECAPSULATE_IPIP)
        case .gue: UInt32(INTERFACE_DECAPSULATE_GUE)
        case .vxlan: UInt32(INTERFACE_DECAPSULATE_VXLAN)
        case .geneve: UInt32(INTERFACE_DECAPSULATE_GENEVE)
        }
    }
}
