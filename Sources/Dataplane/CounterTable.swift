internal import BPF
internal import DataplaneABI

/// The counters of a set of programs: a region per CPU, and one more, which no CPU writes, for what predecessors
/// counted.
struct CounterTable: ~Copyable {
    private let layout: CounterLayout
    private let entries: MappedArray<counter>

    init(_ set: ProgramSet) throws(BPFError) {
        layout = set.counterLayout
        entries = try MappedArray(elementOf: set[.counters].value)
    }

    func snapshot() -> CounterSnapshot {
        let stride = Int(layout.stride)
        let totals = entries.withUnsafeMutableBuffer { all in
            [Tally](unsafeUninitializedCapacity: stride) { totals, count in
                totals.initialize(repeating: Tally())
                for region in 0..<all.count / stride {
                    for index in 0..<stride {
                        let entry = all[region * stride + index]
                        totals[index].packets &+= entry.packets
                        totals[index].bytes &+= entry.bytes
                    }
                }
                count = stride
            }
        }
        return CounterSnapshot(layout: layout, totals: totals)
    }

    /// Zeroes what is about slots whose owner is new.
    func clear(_ fresh: FreshSlots) {
        for slot in fresh.interfaces {
            for outcome in Outcome.all { clear(layout.outcome(outcome.rawValue, interface: slot)) }
            for rule in 0..<layout.rules { clear(layout.rule(rule, interface: slot)) }
        }
        for slot in fresh.rules {
            for interface in 0..<layout.interfaces { clear(layout.rule(slot, interface: interface)) }
        }
        for slot in fresh.services {
            clear(layout.service(slot))
            clear(layout.quic(slot))
        }
        for slot in fresh.backends { clear(layout.backend(slot)) }
    }

    private func clear(_ index: Int?) {
        guard let index else { return }
        for at in stride(from: index, to: entries.count, by: Int(layout.stride)) { entries[at] = counter() }
    }

    /// Takes over what a predecessor counted, when it counts no more. Doing it again changes nothing.
    func carry(_ old: CounterSnapshot) {
        let base = entries.count - Int(layout.stride)
        func put(_ tally: Tally, _ index: Int?) {
            if let index { entries[base + index] = counter(packets: tally.packets, bytes: tally.bytes) }
        }
        for interface in 0..<UInt32(INTERFACE_SLOTS) {
            for outcome in 0..<UInt32(OUTCOME_ROOM) {
                put(
                    old.outcome(Outcome(rawValue: outcome), interface: interface),
                    layout.outcome(outcome, interface: interface))
            }
        }
        for interface in 0..<old.layout.interfaces {
            for rule in 0..<old.layout.rules {
                put(old.rule(rule, interface: interface), layout.rule(rule, interface: interface))
            }
        }
        for slot in 0..<old.layout.services {
            put(old.service(slot), layout.service(slot))
            put(old.unknownQUIC(slot), layout.quic(slot))
        }
        for slot in 0..<old.layout.backends { put(old.backend(slot), layout.backend(slot)) }
    }
}
