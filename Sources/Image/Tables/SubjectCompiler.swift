internal import DataplaneABI
internal import Plan
internal import Policy

/// Builds subjects (paged arrays from source class to cell) and rows of them (paged arrays from port class to subject).
///
/// A rule's *rank* is its index in the state: of all rules that apply to a packet the one of lowest rank decides. So
/// rules may be added to a subject in any order and in portions, and what many subjects share is compiled once: each is
/// a change to another one, and costs what it changes.
struct SubjectCompiler {
    var arrays: PagedArrays
    let classCount: Int
    let portClassCount: Int
    /// By rank. `nil`: every class.
    private let sources: [[Int32]?]
    private let cells: [UInt32]
    /// By counter slot.
    private let ranks: [UInt32]

    private struct Restriction: Hashable {
        var base: UInt32
        var sets: [Int]
    }

    private let classesOfSets: [[Int32]]
    private var restricted: [Restriction: UInt32] = [:]

    /// Rules by rising rank, by whether they tell ports apart.
    struct Layer {
        var allPorts: [Int] = []
        /// Sorted by port class.
        var byPortClass: [(portClass: Int, rules: [Int])] = []

        var isEmpty: Bool { allPorts.isEmpty && byPortClass.isEmpty }
    }

    init(
        _ rules: [RuleState], classes: AddressClasses, portClassCount: Int, arrays: PagedArrays
    ) throws(ImageError) {
        self.arrays = arrays
        classCount = classes.count
        classesOfSets = classes.classes
        self.portClassCount = portClassCount
        cells = rules.map { $0.slot | ($0.action == .allow ? CELL_ALLOW : 0) }
        ranks = try Self.ranks(rules)
        sources = Self.sources(rules, classes)
    }

    private static func ranks(_ rules: [RuleState]) throws(ImageError) -> [UInt32] {
        guard let highest = rules.map(\.slot).max() else { return [.max] }
        guard highest <= CELL_RULE else { throw .tooLarge(what: "the rules") }
        var ranks = [UInt32](repeating: .max, count: Int(highest) + 1)
        for (rank, rule) in rules.enumerated() {
            guard rule.slot != 0, ranks[Int(rule.slot)] == .max else {
                throw .inconsistent("rule '\(rule.name)' has no counter slot of its own")
            }
            ranks[Int(rule.slot)] = UInt32(rank)
        }
        return ranks
    }

    private static func sources(_ rules: [RuleState], _ classes: AddressClasses) -> [[Int32]?] {
        var known: [[Int]: [Int32]] = [:]
        return rules.map { rule in
            guard let sets = rule.from else { return nil }
            if sets.count == 1 { return classes.classes[sets[0]] }
            if let list = known[sets] { return list }
            let list = Set(sets.flatMap { classes.classes[$0] }).sorted()
            known[sets] = list
            return list
        }
    }

    /// The subject that no rule protects or opens.
    mutating func constant(_ cell: UInt32) -> UInt32 { arrays.array(repeating: cell, count: classCount) }

    /// - Parameter rules: by rising rank.
    mutating func subject(_ base: UInt32, adding rules: [Int]) -> UInt32 {
        guard !rules.isEmpty else { return base }
        var draft = PagedDraft(base, count: classCount, of: arrays)
        // Behind a rule for all sources no other rule of this portion decides anything.
        let general = rules.firstIndex { sources[$0] == nil }
        if let general {
            let rank = rules[general]
            draft.mapPages { page in
                arrays.intern(page: arrays.page(page).map { decides(rank, over: $0) ? cells[rank] : $0 })
            }
        }
        for rank in rules[..<(general ?? rules.endIndex)] {
            for source in sources[rank] ?? [] {
                draft.update(Int(source), of: arrays) { if decides(rank, over: $0) { $0 = cells[rank] } }
            }
        }
        return draft.finish(into: &arrays)
    }

    /// The subject for sources in one of the sets only; nobody else may, whatever the rules say. `nil`: for all.
    mutating func subject(_ base: UInt32, only sets: [Int]?) -> UInt32 {
        guard let sets else { return base }
        let key = Restriction(base: base, sets: sets)
        if let known = restricted[key] { return known }
        var words = [UInt32](repeating: CELL_SOURCE, count: classCount)
        for set in sets {
            for member in classesOfSets[set] { words[Int(member)] = arrays.word(base, Int(member)) }
        }
        let subject = arrays.array(words)
        restricted[key] = subject
        return subject
    }

    private func decides(_ rank: Int, over cell: UInt32) -> Bool { rank < ranks[Int(cell & CELL_RULE)] }

    mutating func row(_ base: UInt32, adding layer: Layer) -> UInt32 {
        guard !layer.isEmpty else { return base }
        guard !layer.allPorts.isEmpty else {
            var draft = PagedDraft(base, count: portClassCount, of: arrays)
            for (portClass, rules) in layer.byPortClass {
                let subject = subject(arrays.word(base, portClass), adding: rules)
                draft.update(portClass, of: arrays) { $0 = subject }
            }
            return draft.finish(into: &arrays)
        }
        var known: [UInt32: UInt32] = [:]
        var words = arrays.words(base, count: portClassCount)
        for portClass in words.indices {
            let subject = known[words[portClass]] ?? subject(words[portClass], adding: layer.allPorts)
            known[words[portClass]] = subject
            words[portClass] = subject
        }
        for (portClass, rules) in layer.byPortClass { words[portClass] = subject(words[portClass], adding: rules) }
        return arrays.array(words)
    }
}

extension SubjectCompiler.Layer {
    init(_ rules: some Sequence<Int>, ports: PortClasses) {
        var byPortClass: [Int32: [Int]] = [:]
        for rule in rules {
            guard let list = ports.listOfRule[rule] else {
                allPorts.append(rule)
                continue
            }
            for portClass in ports.classes[list] { byPortClass[portClass, default: []].append(rule) }
        }
        self.byPortClass = byPortClass.sorted { $0.key < $1.key }.map { (Int($0.key), $0.value) }
    }
}
