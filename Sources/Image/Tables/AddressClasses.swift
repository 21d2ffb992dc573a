internal import DataplaneABI
internal import Net
internal import Plan

/// An address prefix as the tables' compiler handles it: the address in the highest bits, whatever its family.
struct Leaf {
    var bits: UInt128
    var length: UInt8
    /// Address value of those addresses that no longer leaf holds.
    var value: UInt32

    func covers(_ other: UInt128) -> Bool { (bits ^ other) & networkMask(length) == 0 }
}

/// The network mask of a length of 0…128.
func networkMask(_ length: UInt8) -> UInt128 { length == 0 ? 0 : UInt128.max << UInt128(128 - length) }

extension Prefix {
    var leftAligned: UInt128 { address.leftAligned }
}

extension IPAddress {
    /// The address as a number, moved to the highest bits.
    var leftAligned: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.value) << 96
        case .v6(let address): UInt128(address.high) << 64 | UInt128(address.low)
        }
    }

    init(leftAligned bits: UInt128, isV6: Bool) {
        self =
            isV6
            ? .v6(IPv6Address(high: UInt64(bits >> 64), low: UInt64(truncatingIfNeeded: bits)))
            : .v4(IPv4Address(UInt32(bits >> 96)))
    }
}

/// All prefixes of a state merged: each address is in exactly one class, the combination of sets that hold it.
///
/// Prefixes nest or are apart, so the sets that hold an address are settled by the longest prefix around it. One walk
/// over the sorted prefixes, with the enclosing ones on a stack, meets each of them once; that makes n log n, whatever
/// the sets' number and overlap.
struct AddressClasses {
    /// What a family's addresses are.
    struct Family {
        /// Value of addresses that no leaf holds.
        var rest: UInt32 = 0
        /// Sorted by address, larger prefixes first; each differs in value from the one around it.
        var leaves: [Leaf] = []
    }

    private(set) var v4 = Family()
    private(set) var v6 = Family()
    /// Which of the state's sets hold the addresses of each class, rising.
    let members: [[Int32]]
    /// Classes of each of the state's sets, rising; none for sets that nobody names and that are no zone.
    let classes: [[Int32]]
    /// Classes of addresses where wide services answer, and which do, as rising indices into the state's services.
    let wide: [(addressClass: Int, services: [Int])]

    var count: Int { members.count }

    private enum Effect {
        case include(part: Int32)
        case exclude(part: Int32)
        case vip
        case own
    }

    private struct Entry {
        var bits: UInt128
        var length: UInt8
        var effect: Effect

        func covers(_ other: UInt128) -> Bool { (bits ^ other) & networkMask(length) == 0 }
    }

    init(_ state: State) throws(ImageError) {
        var membership = Membership(state)
        var entries: (v4: [Entry], v6: [Entry]) = ([], [])
        func add(_ prefix: Prefix, _ effect: Effect) {
            let entry = Entry(bits: prefix.leftAligned, length: UInt8(prefix.length), effect: effect)
            if prefix.family == .v4 { entries.v4.append(entry) } else { entries.v6.append(entry) }
        }
        var part: Int32 = 0
        for set in membership.namedSets {
            for setPart in state.sets[set].parts {
                for prefix in setPart.prefixes { add(prefix, .include(part: part)) }
                for prefix in setPart.except { add(prefix, .exclude(part: part)) }
                part += 1
            }
        }
        for service in membership.wideServices {
            for vip in state.services[service].allVIPs { add(vip, .include(part: part)) }
            part += 1
        }
        for vip in Set(state.services.flatMap(\.allVIPs)) { add(vip, .vip) }
        for own in Set(state.nodeAddresses) { add(Prefix(own), .own) }
        v4 = try Self.walk(entries.v4, &membership)
        v6 = try Self.walk(entries.v6, &membership)
        // Where a wide service answers is one more set, but only to the look-up of wide frontends.
        let setCount = Int32(state.sets.count)
        let wideServices = membership.wideServices
        let all = membership.table.members
        members = all.map { $0.filter { $0 < setCount } }
        wide = all.enumerated().compactMap { number, members in
            let services = members.filter { $0 >= setCount }.map { wideServices[Int($0 - setCount)] }
            return services.isEmpty ? nil : (number, services)
        }
        classes = Array(membership.table.classesByElement().prefix(state.sets.count))
    }

    private static func walk(_ unsorted: [Entry], _ membership: inout Membership) throws(ImageError) -> Family {
        let entries = unsorted.sorted { ($0.bits, $0.length) < ($1.bits, $1.length) }
        var family = Family()
        var open: [(entries: Range<Int>, value: UInt32)] = []
        func close(_ membership: inout Membership) {
            guard let last = open.popLast() else { return }
            for index in last.entries { membership.apply(entries[index].effect, -1) }
        }
        family.rest = try membership.value()
        var index = 0
        while index < entries.count {
            let (bits, length) = (entries[index].bits, entries[index].length)
            while let last = open.last, !entries[last.entries.lowerBound].covers(bits) { close(&membership) }
            let first = index
            while index < entries.count, entries[index].bits == bits, entries[index].length == length {
                membership.apply(entries[index].effect, 1)
                index += 1
            }
            let value = try membership.value()
            if length == 0 {
                family.rest = value
            } else if value != open.last?.value ?? family.rest {
                family.leaves.append(Leaf(bits: bits, length: length, value: value))
            }
            open.append((first..<index, value))
        }
        while !open.isEmpty { close(&membership) }
        return family
    }

    /// Which sets hold the addresses at one point of the walk.
    private struct Membership {
        /// Sets that rules and services name, and zones; no other set needs classes of its own.
        let namedSets: [Int]
        var table: ClassTable
        private var setOfPart: [Int32] = []
        private var includes: [Int32]
        private var excludes: [Int32]
        /// Per set: how many of its parts hold the addresses.
        private var partsIn: [Int32]
        /// Services that have a set of their own, behind the state's sets.
        let wideServices: [Int]
        /// VIPs, prefixes of them included, that hold the addresses, and whether the node has them.
        private var vips: Int32 = 0
        private var own: Int32 = 0

        init(_ state: State) {
            var named = Set(state.rules.flatMap { $0.from ?? [] })
            for rule in state.rules {
                for case .set(let set) in rule.to { named.insert(set) }
            }
            for service in state.services { named.formUnion(service.sources ?? []) }
            for zone in state.zones { named.insert(zone.set) }
            namedSets = named.sorted()
            wideServices = state.services.indices.filter { state.services[$0].isWide }
            let elementCount = state.sets.count + wideServices.count
            table = ClassTable(elementCount: elementCount)
            for set in namedSets {
                setOfPart += [Int32](repeating: Int32(set), count: state.sets[set].parts.count)
                if state.sets[set].complement { table.toggle(set) }
            }
            setOfPart += wideServices.indices.map { Int32(state.sets.count + $0) }
            includes = [Int32](repeating: 0, count: setOfPart.count)
            excludes = includes
            partsIn = [Int32](repeating: 0, count: elementCount)
        }

        mutating func apply(_ effect: Effect, _ step: Int32) {
            switch effect {
            case .vip: vips += step
            case .own: own += step
            case .include(let part): move(Int(part), include: step, exclude: 0)
            case .exclude(let part): move(Int(part), include: 0, exclude: step)
            }
        }

        private mutating func move(_ part: Int, include: Int32, exclude: Int32) {
            let before = includes[part] > 0 && excludes[part] == 0
            includes[part] += include
            excludes[part] += exclude
            let after = includes[part] > 0 && excludes[part] == 0
            guard before != after else { return }
            let set = Int(setOfPart[part])
            partsIn[set] += after ? 1 : -1
            if partsIn[set] == (after ? 1 : 0) { table.toggle(set) }
        }

        mutating func value() throws(ImageError) -> UInt32 {
            let number = table.current()
            guard number <= ADDRESS_CLASS else { throw .tooManyClasses(limit: Int(ADDRESS_CLASS) + 1) }
            return number | (vips > 0 ? ADDRESS_VIP : 0) | (own > 0 ? ADDRESS_OWN : 0)
        }
    }
}
