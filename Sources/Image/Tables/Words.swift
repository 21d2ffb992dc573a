internal import DataplaneABI

/// The unit of every table: a line of 16 words, a cache line of the data path.
enum Line {
    static let bytes = Int(LINE_BYTES)
    static let words = Int(LINE_WORDS)

    static func count(words: Int) -> Int { (words + Line.words - 1) / Line.words }
}

/// Views of a number as the two halves a table stores.
extension UInt64 {
    var lowWord: UInt32 { UInt32(truncatingIfNeeded: self) }
    var highWord: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }

    init(low: UInt32, high: UInt32) { self = UInt64(low) | UInt64(high) << 32 }
}

extension [UInt32] {
    /// Appends one of the ABI's structs as it lies in memory; its size must be a multiple of a word.
    mutating func append(bytesOf value: some BitwiseCopyable) {
        Swift.withUnsafeBytes(of: value) { append(contentsOf: $0.bindMemory(to: UInt32.self)) }
    }

    mutating func store(_ value: UInt64, at index: Int) {
        self[index] = value.lowWord
        self[index + 1] = value.highWord
    }

    func load(at index: Int) -> UInt64 { UInt64(low: self[index], high: self[index + 1]) }
}

/// Adds bytes to a hash, in their order. It guards against accidents, not against forgery.
func hash(_ bytes: UnsafeRawBufferPointer, into seed: UInt64) -> UInt64 {
    var hash = seed ^ UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* HASH_C1
        hash ^= hash >> 29
        offset += 8
    }
    var rest: UInt64 = 0
    while offset < bytes.count {
        rest = rest << 8 | UInt64(bytes[offset])
        offset += 1
    }
    return hash_mix(hash ^ rest &* HASH_C2)
}

func hash(_ words: [UInt32], into seed: UInt64) -> UInt64 { words.withUnsafeBytes { hash($0, into: seed) } }
