internal import DataplaneABI
internal import Net
internal import Plan

/// Everything that rules, sets, VIPs and ports settle: the part of an image that a change of backends leaves alone.
struct PolicyTables: Equatable, Sendable {
    var addresses: AddressTables
    var frontends: FrontendTable
    /// Per protocol number.
    var protocols: [UInt32]
    var directories: [UInt32]
    var pages: [UInt32]
    var nodeBase: UInt32
    var transitBase: UInt32
    /// `WIDE_NONE` where there are no wide frontends.
    var wideBase: UInt32
    /// Paged array: source class to the number of its zone from 1 on, 0 for none; 0 where there are no zones.
    var zonesBase: UInt32
}

extension PolicyTables {
    init(_ state: State) throws(ImageError) {
        let classes = try AddressClasses(state)
        addresses = try AddressTables(classes)
        var arrays = PagedArrays()
        let ports = PortClasses(state, in: &arrays)
        zonesBase = Self.zones(state, classes, in: &arrays)
        let verdicts = try Verdicts(state, addresses: addresses, classes: classes, ports: ports, arrays: arrays)
        frontends = try FrontendTable(verdicts.frontends, wide: verdicts.wide)
        protocols = ports.protocols
        directories = verdicts.arrays.directories
        // As it is read back: to the end of the line.
        let unused = Line.count(words: directories.count) * Line.words - directories.count
        directories += [UInt32](repeating: 0, count: unused)
        pages = verdicts.arrays.pages
        nodeBase = verdicts.nodeBase
        transitBase = verdicts.transitBase
        wideBase = verdicts.wideBase
        guard directories.count < Int(PROTOCOL_CONSTANT) else { throw .tooLarge(what: "the verdicts") }
    }

    private static func zones(_ state: State, _ classes: AddressClasses, in arrays: inout PagedArrays) -> UInt32 {
        guard !state.zones.isEmpty else { return 0 }
        let numbers = Dictionary(state.zones.enumerated().map { ($1.set, UInt32($0) + 1) }) { first, _ in first }
        return arrays.array(classes.members.map { $0.lazy.compactMap { numbers[Int($0)] }.first ?? 0 })
    }

    func word(_ base: UInt32, _ index: UInt32) -> UInt32 {
        let page = directories[Int(base) + Int(index) / PagedArrays.pageWords]
        return pages[Int(page) * PagedArrays.pageWords + Int(index) % PagedArrays.pageWords]
    }

    func portClass(_ ipProtocol: IPProtocol, _ selector: UInt16) -> UInt32 {
        let word = protocols[Int(ipProtocol.number)]
        return word & PROTOCOL_CONSTANT != 0 ? word & ~PROTOCOL_CONSTANT : self.word(word, UInt32(selector))
    }

    /// The wide frontend that answers there.
    func wide(_ address: IPAddress, _ ipProtocol: IPProtocol, _ selector: UInt16) -> FrontendTable.Entry? {
        let value = addresses.value(of: address)
        guard wideBase != WIDE_NONE, value & ADDRESS_VIP != 0 else { return nil }
        return frontends.wide(word(word(wideBase, value & ADDRESS_CLASS), portClass(ipProtocol, selector)))
    }

    /// Whether two states compile to the same tables. Names, positions and priorities do not reach them: rules come
    /// sorted.
    static func agree(_ left: State, _ right: State) -> Bool {
        func parts(_ set: AddressSet) -> AddressSet { AddressSet(parts: set.parts, complement: set.complement) }
        return left.ingressDefault == right.ingressDefault && left.echoReply == right.echoReply
            && left.nodeAddresses == right.nodeAddresses && left.zones.map(\.set) == right.zones.map(\.set)
            && left.services.elementsEqual(right.services) {
                $0.vips == $1.vips && $0.vipPrefixes == $1.vipPrefixes && $0.ports == $1.ports
                    && $0.targets == $1.targets
                    && $0.sources == $1.sources
            }
            && left.sets.elementsEqual(right.sets) { parts($0) == parts($1) }
            && left.rules.elementsEqual(right.rules) {
                $0.from == $1.from && $0.to == $1.to && $0.ports == $1.ports && $0.action == $1.action
                    && $0.slot == $1.slot
            }
    }
}
