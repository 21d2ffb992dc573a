internal import DataplaneABI

/// The parts of an image in the order in which they lie. Each begins on a line and ends where the next one begins.
enum Section: Int, CaseIterable {
    case head, interfaces, services, details, backends, backendIndex, slots, sequences
    case frontends, lengths6, protocols, trie4Root, trie4Blocks, hosts4, prefixes6, directories, pages
    case manifest
}

/// Where each section lies.
struct Layout: Equatable, Sendable {
    /// By section, and at last the image's end.
    private var starts: [Int]

    static let headLines = 3

    init(lineCounts: (Section) -> Int) {
        starts = [0]
        for section in Section.allCases { starts.append(starts[section.rawValue] + lineCounts(section)) }
    }

    var lineCount: Int { starts[Section.allCases.count] }

    func start(_ section: Section) -> Int { starts[section.rawValue] }

    func byteRange(_ section: Section) -> Range<Int> {
        starts[section.rawValue] * Line.bytes..<starts[section.rawValue + 1] * Line.bytes
    }
}

extension Layout {
    /// Takes the layout from an image's first lines; refuses one that no compiler made.
    init(
        head: image_head, tail: image_tail, flows: image_flows, availableLines: Int
    ) throws(ImageError) {
        let backendIndexLines = Line.count(words: Int(tail.backend_index_count))
        let starts = [
            0, Int(head.interfaces_line), Int(head.services_line), Int(tail.details_line), Int(head.backends_line),
            Int(tail.backend_index_line), Int(tail.backend_index_line) + backendIndexLines, Int(flows.sequences_line),
            Int(head.frontends_line),
            Int(tail.lengths6_line), Int(tail.protocols_line), Int(head.trie4_root_line), Int(head.trie4_blocks_line),
            Int(head.hosts4_line), Int(head.prefixes6_line), Int(head.directories_line), Int(head.pages_line),
            Int(tail.manifest_line), Int(tail.lines),
        ]
        self.starts = starts
        func lines(_ section: Section) -> Int { starts[section.rawValue + 1] - starts[section.rawValue] }
        guard lineCount <= availableLines, Section.allCases.allSatisfy({ lines($0) >= 0 }),
            lines(.head) == Self.headLines,
            lines(.services) == tail.service_count, lines(.details) >= tail.service_count,
            lines(.backends) == tail.backend_count,
            (1...32).contains(head.interface_bits), lines(.interfaces) >= 1 << head.interface_bits,
            lines(.frontends) > Int(head.frontends_mask), lines(.hosts4) == Int(head.hosts4_mask) + 1,
            lines(.prefixes6) == Int(head.prefixes6_mask) + 1,
            lines(.lengths6) == Line.count(words: Int(tail.lengths6_count)),
            lines(.manifest) == (Int(tail.manifest_bytes) + Line.bytes - 1) / Line.bytes
        else { throw .corrupt("the sections do not follow each other") }
    }
}
