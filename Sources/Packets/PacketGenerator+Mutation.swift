extension PacketGenerator {
    /// Breaks a frame: flips bits (mostly in its headers), replaces bytes, cuts the end off, or appends to it.
    public mutating func mutate(_ bytes: inout [UInt8]) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            for _ in 0..<random.pick([1, 1, 2, 5]) {
                let reach = random.chance(80) ? min(bytes.count, 74) : bytes.count
                guard reach > 0 else { return }
                bytes[Int.random(in: 0..<reach, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case 5..<7:
            guard !bytes.isEmpty else { return }
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = random.pick([0, 1, 0x45, 0x60, 0x7F, 0x80, 0xFF])
        case 7..<9:
            // The kernel hands no frame below 14 bytes to a program.
            guard bytes.count > 14 else { return }
            bytes.removeLast(Int.random(in: 1...bytes.count - 14, using: &random))
        default: bytes += random.bytes(Int.random(in: 1...20, using: &random))
        }
    }
}
