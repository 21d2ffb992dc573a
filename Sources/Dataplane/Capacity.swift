internal import DataplaneABI

/// What is fixed when programs are loaded. A file that outgrows it makes a new set of maps.
struct Capacity: Hashable, Sendable {
    /// Lines in each half of the arena, a power of two.
    var halfLines: UInt32
    var counters: CounterLayout

    /// 4 MB.
    private static let leastHalf: UInt32 = 1 << 16
    /// 256 MB: the verifier lets a program reach 512 MB into a map's value.
    private static let largestHalf: UInt32 = 1 << 22
    /// Flows of services that are remembered, 136 bytes each: see ``newFlowsPerSecond(cpus:)``.
    private static let flowsPerCPU = 1 << 17
    private static let flowRange = 1 << 18...1 << 20
    /// Likewise, all CPUs together.
    private static let mostCounters = 1 << 25

    init(halfLines: UInt32, counters: CounterLayout) {
        self.halfLines = halfLines
        self.counters = counters
    }

    func holds(_ publication: Publication) -> Bool {
        publication.lines <= halfLines && counters.holds(publication.needs)
    }

    /// Room for `publication` and half as much again; never less than `current`.
    static func fitting(
        _ publication: Publication, cpus: Int, growing current: Capacity? = nil
    ) throws(DataplaneError) -> Capacity {
        let lines = UInt32(publication.lines)
        guard lines <= largestHalf else {
            throw DataplaneError(
                .usage, "the tables need \(publication.lines * lineBytes >> 20) MB, of at most 256",
                hint: "use fewer or smaller services, or fewer distinct rules")
        }
        let wanted = min(largestHalf, max(leastHalf, (lines + lines / 2).roundedUpToPowerOfTwo))
        let half = current.map { lines <= $0.halfLines ? $0.halfLines : wanted } ?? wanted
        let counters = CounterLayout.fitting(publication.needs, growing: current?.counters)
        guard Int(counters.stride) * (cpus + 1) <= mostCounters else {
            throw DataplaneError(
                .usage, "counters for \(counters.rules) rules on \(counters.interfaces) interfaces do not fit",
                hint: "this machine may have \(cpus) CPUs, and each counts for itself")
        }
        return Capacity(halfLines: half, counters: counters)
    }

    /// What the programs are loaded with.
    func config(cpus: UInt32, dryRun: Bool, namespaceCookie: UInt64) -> load_config {
        load_config(
            counter_stride: counters.stride, rule_base: counters.ruleBase, rule_room: counters.rules,
            service_base: counters.serviceBase, service_room: counters.services, backend_base: counters.backendBase,
            backend_room: counters.backends, dry_run: dryRun ? 1 : 0, arena_mask: 2 * halfLines - 1,
            counter_count: (cpus + 1) * counters.stride, nexthop_count: cpus * counters.backends,
            new_flows: Self.newFlowsPerSecond(cpus: Int(cpus)), netns_cookie: namespaceCookie,
            quic_base: counters.quicBase, pad: 0)
    }

    static func flows(cpus: Int) -> UInt32 {
        let wanted = min(max(cpus * flowsPerCPU, flowRange.lowerBound), flowRange.upperBound)
        return UInt32(wanted).roundedUpToPowerOfTwo
    }

    /// What each CPU may remember in a second, so that all of them need four seconds to fill the whole table.
    ///
    /// The kernel evicts from the old end of a list that new flows enter, and moves what was looked up to another list,
    /// which it leaves alone while that is the shorter one. So while the living fill less than half of the table, a flow
    /// is safe as soon as one packet followed its first within two seconds, whatever else comes in; and where they fill
    /// more of it, if one packet follows in each such span.
    static func newFlowsPerSecond(cpus: Int) -> UInt32 { max(1, flows(cpus: cpus) / UInt32(4 * max(1, cpus))) }
}
