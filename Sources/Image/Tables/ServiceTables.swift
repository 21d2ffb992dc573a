internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

/// Services, their backends, and where in the image their slots lie.
struct ServiceTables: Equatable, Sendable {
    /// `struct service` each.
    var services: [UInt32] = []
    /// `struct service_detail` each.
    var details: [UInt32] = []
    /// `struct backend` each.
    var backends: [UInt32] = []
    /// Per backend slot: index in `backends`.
    var backendIndex: [UInt32] = []

    /// More counters than any node has memory for; a larger slot is a mistake.
    private static let highestSlot: UInt32 = 1 << 24

    static func slotLines(_ count: Int) -> Int { (count + Int(SLOTS_PER_LINE) - 1) / Int(SLOTS_PER_LINE) }

    init(services: [UInt32], details: [UInt32], backends: [UInt32], backendIndex: [UInt32]) {
        self.services = services
        self.details = details
        self.backends = backends
        self.backendIndex = backendIndex
    }

    /// Of the array from a source's class to its zone; 0 where no service has zones.
    var zonesBase: UInt32 {
        details.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Line.bytes).lazy
                .map { bytes.loadUnaligned(fromByteOffset: $0, as: service_detail.self).zones_base }
                .first { $0 != 0 } ?? 0
        }
    }

    func entry(_ index: Int) -> service {
        services.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * Line.bytes, as: service.self) }
    }

    /// - Parameters:
    ///   - shapes: of the services' slots.
    ///   - firstSlotsLine: the slots of all services follow each other from here.
    ///   - entries: what there is besides one entry for each service.
    ///   - zonesBase: of the array from a source's class to its zone.
    init(
        _ states: [ServiceState], _ shapes: [SlotShape], _ entries: ServiceEntries, zonesBase: UInt32,
        firstSlotsLine: Int
    ) throws(ImageError) {
        let highest = states.flatMap(\.backends).map(\.slot).max()
        guard highest ?? 0 <= Self.highestSlot else { throw .tooLarge(what: "the backends") }
        backendIndex = [UInt32](repeating: BACKEND_NONE, count: highest.map { Int($0) + 1 } ?? 0)
        services.reserveCapacity(states.count * Line.words)
        var line = firstSlotsLine
        var backendCount = 0
        for (index, (state, shape)) in zip(states, shapes).enumerated() {
            guard state.backends.count <= Int(SLOT_BACKEND) else {
                throw .tooLarge(what: "the backends of service '\(state.name)'")
            }
            var entry = service()
            entry.place(shape, at: &line)
            entry.variants = UInt32(entries.firstVariant[index])
            entry.backends = UInt32(backendCount)
            entry.backend_count = UInt32(state.backends.count)
            entry.counter = state.slot
            entry.forward = state.forward.code
            entry.tunnel_port = state.tunnelPort.bigEndian
            entry.vni = (state.vni << 8).bigEndian
            entry.mtu = state.mtu ?? UInt16(MTU_ANY)
            switch state.unavailable {
            case .drop: break
            case .reset: entry.flags |= UInt8(SERVICE_UNAVAILABLE_RESET)
            case .unreachable: entry.flags |= UInt8(SERVICE_UNAVAILABLE_UNREACHABLE)
            }
            services.append(bytesOf: entry)
            details.append(bytesOf: Self.detail(zonesBase: entry.variants > 0 ? zonesBase : 0))
            for (backend, share) in zip(state.backends, state.shares) {
                guard backendIndex[Int(backend.slot)] == BACKEND_NONE else {
                    throw .inconsistent("backend '\(backend.name)' of '\(state.name)' has no counter slot of its own")
                }
                backendIndex[Int(backend.slot)] = UInt32(backendCount)
                backends.append(bytesOf: Self.entry(backend, state.forward, isIdle: share == 0))
                backendCount += 1
            }
        }
        for variant in entries.variants {
            var entry = entry(variant.service)
            entry.variants = 0
            if let own = variant.own {
                entry.place(SlotShape(states[variant.service].zoneSlots[own].slots), at: &line)
            }
            services.append(bytesOf: entry)
            details += details[variant.service * Line.words..<(variant.service + 1) * Line.words]
        }
    }

    private static func detail(zonesBase: UInt32) -> service_detail {
        var detail = service_detail()
        detail.zones_base = zonesBase
        return detail
    }

    private static func entry(_ state: BackendState, _ forward: Service.Forward, isIdle: Bool) -> backend {
        var entry = backend()
        withUnsafeMutableBytes(of: &entry.address) { store(state.address, in: $0) }
        if let source = state.tunnelSource { withUnsafeMutableBytes(of: &entry.source) { store(source, in: $0) } }
        entry.slot = state.slot
        entry.tag = tag(state)
        if let source = state.tunnelSource { entry.outer_sum = outerSum(source: source, destination: state.address) }
        entry.drain_end = UInt32(clamping: state.drainEnd)
        if state.rampStart > 0 {
            entry.ramp_start = UInt32(clamping: state.rampStart)
            entry.ramp_seconds = UInt16(clamping: state.slowStart)
        }
        if let mac = state.mac ?? (forward.hasNetworks ? MACAddress(derivedFrom: state.address) : nil) {
            withUnsafeMutableBytes(of: &entry.mac) { $0.copyBytes(from: mac.bytes) }
            entry.flags |= UInt8(BACKEND_MAC)
        }
        if isIdle { entry.flags |= UInt8(BACKEND_IDLE) }
        if state.address.family == .v6 { entry.flags |= UInt8(BACKEND_V6) }
        return entry
    }

    private static func store(_ address: IPAddress, in place: UnsafeMutableRawBufferPointer) {
        switch address {
        case .v4(let address): place.storeBytes(of: address.value.bigEndian, as: UInt32.self)
        case .v6(let address):
            place.storeBytes(of: address.high.bigEndian, as: UInt64.self)
            place.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }

    private static func tag(_ state: BackendState) -> UInt32 {
        let words = state.address.packetWords
        let tag = hash_key(words[0], words[1], UInt64(state.slot)).lowWord
        return tag == 0 ? 1 : tag
    }

    /// What of the sums of outer headers is the same for every packet. IPv4's own checksum: version and length of the
    /// header, DF, addresses. IPv6, which has none, of UDP: the pseudo header's addresses and protocol (RFC 8200,
    /// section 8.1). Words are summed as a little-endian machine reads them (RFC 1071, section 2(B)).
    private static func outerSum(source: IPAddress, destination: IPAddress) -> UInt32 {
        let bytes = source.bytes + destination.bytes
        let words = stride(from: 0, to: bytes.count, by: 2).map { UInt32(bytes[$0]) | UInt32(bytes[$0 + 1]) << 8 }
        let constant: UInt32 =
            switch destination.family {
            case .v4: 0x0045 + 0x0040
            case .v6: UInt32(IPProtocol.udp.number) << 8
            }
        return words.reduce(constant, +)
    }
}

extension Service.Forward {
    /// `FORWARD_…`
    var code: UInt8 {
        switch self {
        case .direct: UInt8(FORWARD_DIRECT)
        case .ipip: UInt8(FORWARD_IPIP)
        case .gue: UInt8(FORWARD_GUE)
        case .vxlan: UInt8(FORWARD_VXLAN)
        case .geneve: UInt8(FORWARD_GENEVE)
        }
    }

    init?(code: UInt8) {
        guard let method = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = method
    }
}

extension service {
    /// Takes lines for slots.
    fileprivate mutating func place(_ shape: SlotShape, at line: inout Int) {
        drain_end = shape.drainEnd
        slots_line = UInt32(truncatingIfNeeded: line)
        slot_count = UInt32(shape.count)
        previous_line = UInt32(truncatingIfNeeded: line + ServiceTables.slotLines(shape.count))
        previous_count = UInt32(shape.previousCount)
        line += shape.lines
    }
}

extension ServiceSlots {
    /// Where no backend takes new connections but some still have old ones, a table of one slot without a backend.
    private static let onlyPrevious = [UInt16(SLOT_BACKEND)]

    /// `current` as the image has it, but for the marks.
    var table: [UInt16] { current.isEmpty && !previous.isEmpty ? Self.onlyPrevious : current }

    /// The inverse of ``table``.
    init(table: [UInt16], previous: [UInt16], drainEnd: UInt64) {
        self.init(current: table == Self.onlyPrevious ? [] : table, previous: previous, drainEnd: drainEnd)
    }

    /// Whether connections of the slot may belong to a previous backend: all, where the table had another size.
    func isMarked(_ slot: Int) -> Bool {
        !previous.isEmpty && (previous.count != current.count || previous[slot] != Self.none)
    }
}
