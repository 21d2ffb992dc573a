import Dataplane
import DataplaneABI

/// The smallest image that the programs accept: every address in one class, no service, one rule for everything.
struct TestImage {
    /// Kernel's index and counter slot.
    var interfaces: [(index: UInt32, slot: UInt32)] = []
    var allows = true
    /// The deciding rule's slot.
    var rule: UInt32 = 5
    /// `CLIENTS_…`.
    var clients = CLIENTS_NONE
    /// Room to fill up with, in lines.
    var padding = 0

    private static let interfacesLine = 2
    private static let interfaceBits = 4
    private static let directoriesLine = interfacesLine + (1 << interfaceBits)
    private static let pagesLine = directoriesLine + 1
    private static let protocolsLine = pagesLine + 3 * Int(PAGE_LINES)
    private static let emptyLine = protocolsLine + 16
    private static let trieLine = emptyLine + 1
    private static let lines = trieLine + 4096

    var bytes: [UInt8] {
        var words = [UInt32](repeating: 0, count: (Self.lines + padding) * Int(LINE_WORDS))
        func at(_ line: Int) -> Int { line * Int(LINE_WORDS) }
        func put<Value>(_ value: Value, _ line: Int) {
            withUnsafeBytes(of: value) { source in
                words.withUnsafeMutableBytes {
                    UnsafeMutableRawBufferPointer(rebasing: $0[(line * Int(LINE_BYTES))...]).copyBytes(from: source)
                }
            }
        }

        var head = image_head()
        head.magic = IMAGE_MAGIC
        head.interfaces_line = UInt32(Self.interfacesLine)
        head.interface_bits = UInt32(Self.interfaceBits)
        head.interface_multiplier = multiplier
        head.directories_line = UInt32(Self.directoriesLine)
        head.pages_line = UInt32(Self.pagesLine)
        head.trie4_root_line = UInt32(Self.trieLine)
        for line in [\image_head.frontends_line, \.services_line, \.backends_line, \.hosts4_line, \.prefixes6_line] {
            head[keyPath: line] = UInt32(Self.emptyLine)
        }
        put(head, 0)
        var tail = image_tail()
        tail.version = UInt16(IMAGE_VERSION)
        tail.lines = UInt32(Self.lines + padding)
        tail.protocols_line = UInt32(Self.protocolsLine)
        tail.clients = UInt8(clients)
        put(tail, 1)
        for (index, slot) in interfaces {
            var entry = interface()
            entry.index = index
            entry.slot = slot
            entry.mtu = 1500
            put(entry, Self.interfacesLine + place(of: index, multiplier))
        }
        // Three paged arrays of one page each: destination class to array 1, port class to array 2, source class to cell.
        for (array, word) in [1, 2, (allows ? CELL_ALLOW : 0) | rule].enumerated() {
            words[at(Self.directoriesLine) + array] = UInt32(array)
            let page = at(Self.pagesLine) + array * Int(PAGE_WORDS)
            for index in page..<page + Int(PAGE_WORDS) { words[index] = word }
        }
        for number in 0..<256 { words[at(Self.protocolsLine) + number] = PROTOCOL_CONSTANT }
        return words.withUnsafeBytes { Array($0) }
    }

    private func place(of index: UInt32, _ multiplier: UInt32) -> Int {
        Int((index &* multiplier) >> (32 - UInt32(Self.interfaceBits)))
    }

    /// One that gives each interface a place of its own.
    private var multiplier: UInt32 {
        (0...).lazy.map { UInt32($0) &* 0x9e37_79b9 | 1 }
            .first { candidate in Set(interfaces.map { place(of: $0.index, candidate) }).count == interfaces.count }
            ?? 1
    }
}
