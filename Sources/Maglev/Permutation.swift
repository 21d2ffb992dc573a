/// The order in which one backend asks for the slots of a table: `offset`, `offset + skip`, `offset + 2 skip`, …, all
/// modulo the table's size. With a prime size every slot comes up exactly once.
struct Permutation {
    let offset: UInt32
    /// 1..<size.
    let skip: UInt32

    /// - Parameter size: A prime.
    init(of key: String, size: Int) {
        // Two independent hashes from one: the stream of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
        let seed = fnv1a(key)
        offset = UInt32(splitMix(seed &+ goldenGamma) % UInt64(size))
        skip = UInt32(splitMix(seed &+ 2 &* goldenGamma) % UInt64(size - 1)) + 1
    }
}

private let goldenGamma: UInt64 = 0x9e37_79b9_7f4a_7c15

private func splitMix(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
}

/// FNV-1a over the UTF-8 bytes (Fowler, Noll, Vo; 64 bits). Not `Hasher`, whose seed differs from process to process:
/// every node must compute the same tables.
private func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
