internal import DataplaneABI
internal import Net
internal import Plan

/// Neighbours that have one value make one row.
private struct Runs<Position> {
    private var first: Position?
    private var last: Position?
    private var value: UInt32 = 0
    private let emit: (Position, Position, UInt32) -> Void

    init(_ emit: @escaping (Position, Position, UInt32) -> Void) { self.emit = emit }

    mutating func add(_ start: Position, _ end: Position, _ value: UInt32) {
        if first == nil || self.value != value {
            finish()
            first = start
            self.value = value
        }
        last = end
    }

    mutating func finish() {
        if let first, let last { emit(first, last, value) }
        first = nil
    }
}

extension Image {
    func addressRows(_ body: ([Field]) -> Void) {
        withoutActuallyEscaping(body) { body in
            func row(_ first: IPAddress, _ last: IPAddress, _ word: UInt32) {
                let value = AddressValue(word)
                body([
                    .text(first), .text(last), .integer(value.addressClass), .flag(value.isOwn), .flag(value.isVIP),
                ])
            }
            var runs = Runs<UInt32> { row(.v4(IPv4Address($0)), .v4(IPv4Address($1)), $2) }
            policy.addresses.forEachRange4 { runs.add($0, $1, $2) }
            runs.finish()
            // Prefixes, whose longest one decides; the markers of the search among them.
            let everything = IPv6Address(high: 0, low: 0)
            row(.v6(everything), .v6(IPv6Address(high: .max, low: .max)), policy.addresses.class6Default)
            policy.addresses.forEachPrefix6 { row($0.address, $0.last, $1) }
        }
    }

    func classRows(_ body: ([Field]) -> Void) {
        guard let classes = try? AddressClasses(published.state) else { return }
        for (number, sets) in classes.members.enumerated() {
            body([.integer(number), .list(sets.map { published.state.setName(Int($0)) })])
        }
    }

    func portRows(_ body: ([Field]) -> Void) {
        withoutActuallyEscaping(body) { body in
            for number in 0...UInt8.max {
                let ipProtocol = IPProtocol(number)
                var runs = Runs<UInt16> { first, last, portClass in
                    body([.text(ipProtocol), .integer(first), .integer(last), .integer(portClass)])
                }
                if policy.protocols[Int(number)] & PROTOCOL_CONSTANT != 0 {
                    runs.add(0, .max, policy.portClass(ipProtocol, 0))
                } else {
                    for selector in 0...UInt16.max {
                        runs.add(selector, selector, policy.portClass(ipProtocol, selector))
                    }
                }
                runs.finish()
            }
        }
    }

    func destinationRows(_ body: ([Field]) -> Void) {
        guard let sizes = sizes else { return }
        withoutActuallyEscaping(body) { body in
            for plane in Plane.allCases {
                var rows = Runs<Int> { firstClass, lastClass, row in
                    var subjects = Runs<Int> { first, last, subject in
                        body([
                            .text(plane.rawValue), .integer(firstClass), .integer(lastClass), .integer(first),
                            .integer(last), .integer(subject),
                        ])
                    }
                    for portClass in 0..<sizes.portClasses {
                        subjects.add(portClass, portClass, policy.word(row, UInt32(portClass)))
                    }
                    subjects.finish()
                }
                for destination in 0..<sizes.classes {
                    let base = plane == .node ? policy.nodeBase : policy.transitBase
                    rows.add(destination, destination, policy.word(base, UInt32(destination)))
                }
                rows.finish()
            }
        }
    }

    func verdictRows(_ body: ([Field]) -> Void) {
        guard let sizes = sizes else { return }
        let names = Dictionary(published.state.rules.map { ($0.slot, $0.name) }) { first, _ in first }
        var subjects = Set((policy.frontends.entries + policy.frontends.wideEntries).map(\.subject))
        destinationRows { row in
            if case .number(let subject)? = row.last { subjects.insert(UInt32(subject)) }
        }
        withoutActuallyEscaping(body) { body in
            for subject in subjects.sorted() {
                var runs = Runs<Int> { first, last, word in
                    let cell = Cell(word)
                    body([
                        .integer(subject), .integer(first), .integer(last), .text(cell.allows ? "allow" : "deny"),
                        cell.isOutsideSources ? .none : .text(cell.rule == 0 ? "default" : names[cell.rule]),
                    ])
                }
                for source in 0..<sizes.classes { runs.add(source, source, policy.word(subject, UInt32(source))) }
                runs.finish()
            }
        }
    }

    /// How many classes there are; the tables themselves need not know.
    private var sizes: (classes: Int, portClasses: Int)? {
        guard let classes = try? AddressClasses(published.state) else { return nil }
        var arrays = PagedArrays()
        return (classes.count, PortClasses(published.state, in: &arrays).count)
    }
}

extension State {
    /// The identity's name, or what else tells people which set it is.
    fileprivate func setName(_ index: Int) -> String {
        let set = sets[index]
        if let identity = set.identity { return identity }
        let prefixes = set.parts.flatMap(\.prefixes)
        let text = prefixes.prefix(3).map(\.description).joined(separator: ",") + (prefixes.count > 3 ? ",…" : "")
        return set.complement ? "not \(text)" : text
    }
}

extension AddressTables {
    /// All of IPv4 in order, as (first, last, value).
    func forEachRange4(_ body: (UInt32, UInt32, UInt32) -> Void) {
        for top in 0..<UInt32(1 << 16) {
            let entry = trie4Root[Int(top)]
            guard entry & TRIE4_KIND == TRIE4_BLOCK else {
                body(top << 16, top << 16 | 0xFFFF, entry & ADDRESS_VALUE)
                continue
            }
            for middle in 0..<UInt32(256) {
                let network = top << 16 | middle << 8
                let entry = trie4Blocks[Int(entry & TRIE4_INDEX) * 256 + Int(middle)]
                if entry & TRIE4_KIND == TRIE4_LEAF {
                    body(network, network | 255, entry & ADDRESS_VALUE)
                } else {
                    for host in network...network | 255 { body(host, host, value(of: .v4(IPv4Address(host)))) }
                }
            }
        }
    }

    /// Everything in the prefix table, in its order.
    func forEachPrefix6(_ body: (Prefix, UInt32) -> Void) {
        let ways = Int(PREFIX6_WAYS)
        for bucket in stride(from: 0, to: prefixes6.count, by: Line.words) {
            for way in 0..<ways {
                let value = prefixes6[bucket + ways * 4 + way]
                let address = IPv6Address(
                    high: prefixes6.load(at: bucket + way * 4), low: prefixes6.load(at: bucket + way * 4 + 2))
                let length = Int(value >> UInt32(PREFIX6_LENGTH_SHIFT))
                if length > 0, let prefix = Prefix(masking: .v6(address), length: length) {
                    body(prefix, value & ADDRESS_VALUE)
                }
            }
        }
    }
}
