/// Sequences of words in one array, equal sequences stored once.
struct WordPool {
    private(set) var words: [UInt32] = []
    private var records: [Record] = []
    /// Open addressing over `records`: index + 1, or 0; the count is a power of two.
    private var table = [UInt32](repeating: 0, count: 64)

    private struct Record {
        var hash: UInt64
        var offset: Int
        var count: Int
    }

    /// Where the sequence already lies.
    func find(_ sequence: [UInt32]) -> Int? {
        sequence.withUnsafeBufferPointer { sequence in
            switch probe(sequence, hash: hash(UnsafeRawBufferPointer(sequence), into: 0)) {
            case .found(let offset): offset
            case .free: nil
            }
        }
    }

    /// Where the sequence lies, after appending it where it was new.
    mutating func intern(_ sequence: [UInt32]) -> Int {
        sequence.withUnsafeBufferPointer { intern($0) }
    }

    mutating func intern(_ sequence: UnsafeBufferPointer<UInt32>) -> Int {
        let sequenceHash = hash(UnsafeRawBufferPointer(sequence), into: 0)
        switch probe(sequence, hash: sequenceHash) {
        case .found(let offset):
            return offset
        case .free(let place):
            let offset = words.count
            words.append(contentsOf: sequence)
            records.append(Record(hash: sequenceHash, offset: offset, count: sequence.count))
            table[place] = UInt32(records.count)
            if records.count * 2 > table.count { grow() }
            return offset
        }
    }

    private enum Probe {
        case found(Int)
        case free(Int)
    }

    private func probe(_ sequence: UnsafeBufferPointer<UInt32>, hash: UInt64) -> Probe {
        var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while table[place] != 0 {
            let record = records[Int(table[place]) - 1]
            if record.hash == hash, record.count == sequence.count,
                words[record.offset..<record.offset + record.count].elementsEqual(sequence)
            {
                return .found(record.offset)
            }
            place = (place + 1) & (table.count - 1)
        }
        return .free(place)
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 2)
        for (index, record) in records.enumerated() {
            var place = Int(truncatingIfNeeded: record.hash) & (table.count - 1)
            while table[place] != 0 { place = (place + 1) & (table.count - 1) }
            table[place] = UInt32(index + 1)
        }
    }
}
