internal import DataplaneABI
internal import Net
internal import Plan

/// Protocols and selectors cut into classes: two packets are of one class where neither a rule's `ports` nor those of a
/// wide service tell them apart.
struct PortClasses {
    /// Per protocol number, as `protocols_line` has it.
    private(set) var protocols: [UInt32]
    /// The different `ports` lists of the rules and of wide services, and echo to VIPs.
    let lists: [[TrafficMatch]]
    private let numbers: [[TrafficMatch]: Int]
    /// Index in `lists` for each of the state's rules; `nil` where the rule is for all ports.
    let listOfRule: [Int?]
    /// Classes of each of `lists`, rising.
    let classes: [[Int32]]
    let count: Int

    private static let selectorCount = 1 << 16

    private struct Boundary {
        var position: Int
        var list: Int
        var step: Int
    }

    /// What echo to a VIP is to the rules: a request with the code that is sent in practice.
    static let echo4 = TrafficMatch(.icmp, icmpType: 8, code: 0)
    static let echo6 = TrafficMatch(.icmpv6, icmpType: 128, code: 0)

    init(_ state: State, in arrays: inout PagedArrays) {
        let rules = state.rules
        var numbers: [[TrafficMatch]: Int] = [:]
        var lists: [[TrafficMatch]] = []
        listOfRule = rules.map { rule in
            guard let ports = rule.ports else { return nil }
            if let number = numbers[ports] { return number }
            numbers[ports] = lists.count
            lists.append(ports)
            return lists.count - 1
        }
        let wide = state.services.filter(\.isWide)
        let echoes = state.echoReply && !wide.isEmpty ? [[Self.echo4], [Self.echo6]] : []
        for list in wide.map(\.ports) + echoes where numbers[list] == nil {
            numbers[list] = lists.count
            lists.append(list)
        }
        self.lists = lists
        self.numbers = numbers

        var boundaries: [IPProtocol: [Boundary]] = [:]
        for (index, list) in lists.enumerated() {
            for match in list {
                boundaries[match.ipProtocol, default: []] += [
                    Boundary(position: Int(match.selectors.lowerBound), list: index, step: 1),
                    Boundary(position: Int(match.selectors.upperBound) + 1, list: index, step: -1),
                ]
            }
        }
        var table = ClassTable(elementCount: lists.count)
        protocols = [UInt32](repeating: PROTOCOL_CONSTANT | table.current(), count: 256)
        for (ipProtocol, boundaries) in boundaries.sorted(by: { $0.key < $1.key }) {
            protocols[Int(ipProtocol.number)] = Self.classify(boundaries, &table, &arrays)
        }
        classes = table.classesByElement()
        count = table.count
    }

    /// One protocol's word.
    private static func classify(
        _ boundaries: [Boundary], _ table: inout ClassTable, _ arrays: inout PagedArrays
    ) -> UInt32 {
        let sorted = boundaries.sorted { ($0.position, $0.list, $0.step) < ($1.position, $1.list, $1.step) }
        var depth: [Int: Int] = [:]
        var runs: [(start: Int, number: UInt32)] = []
        var index = 0
        if sorted[0].position > 0 { runs.append((0, table.current())) }
        while index < sorted.count {
            let position = sorted[index].position
            while index < sorted.count, sorted[index].position == position {
                let before = depth[sorted[index].list, default: 0]
                let after = before + sorted[index].step
                depth[sorted[index].list] = after
                // A list's ranges may touch or overlap, and its depth pass 0 in between; only the end result counts,
                // and toggling twice changes nothing.
                if (before > 0) != (after > 0) { table.toggle(sorted[index].list) }
                index += 1
            }
            guard position < selectorCount else { break }
            let number = table.current()
            if runs.last?.number != number { runs.append((position, number)) }
        }
        return runs.count == 1 ? PROTOCOL_CONSTANT | runs[0].number : paged(runs, &arrays)
    }

    private static func paged(_ runs: [(start: Int, number: UInt32)], _ arrays: inout PagedArrays) -> UInt32 {
        var directory: [UInt32] = []
        var run = 0
        for start in stride(from: 0, to: selectorCount, by: PagedArrays.pageWords) {
            while run + 1 < runs.count, runs[run + 1].start <= start { run += 1 }
            if run + 1 == runs.count || runs[run + 1].start >= start + PagedArrays.pageWords {
                directory.append(arrays.constantPage(runs[run].number))
                continue
            }
            var words: [UInt32] = []
            for selector in start..<start + PagedArrays.pageWords {
                if run + 1 < runs.count, runs[run + 1].start == selector { run += 1 }
                words.append(runs[run].number)
            }
            directory.append(arrays.intern(page: words))
        }
        return arrays.intern(directory: directory)
    }
}

extension PortClasses {
    /// Rising; of a list that is one of ``lists``.
    func classes(of list: [TrafficMatch]) -> [Int32] { numbers[list].map { classes[$0] } ?? [] }

    func portClass(_ ipProtocol: IPProtocol, _ selector: UInt16, in arrays: PagedArrays) -> UInt32 {
        let word = protocols[Int(ipProtocol.number)]
        return word & PROTOCOL_CONSTANT != 0 ? word & ~PROTOCOL_CONSTANT : arrays.word(word, Int(selector))
    }
}
