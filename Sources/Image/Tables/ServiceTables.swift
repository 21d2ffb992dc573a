internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

/// Services, their backends, and where in the image their slots lie.
struct ServiceTables: Equatable, Sendable {
    /// `struct service` each.
    var services: [UInt32] = []
    /// `struct service_detail` each, and behind them `struct quic_bucket`.
    var details: [UInt32] = []
    /// `struct backend` each.
    var backends: [UInt32] = []
    /// Per backend slot: index in `backends`.
    var backendIndex: [UInt32] = []
    /// The services' sequences one after the other, each from a line on, two entries to the word.
    var sequences: [UInt32] = []

    /// More counters than any node has memory for; a larger slot is a mistake.
    private static let highestSlot: UInt32 = 1 << 24

    static func slotLines(_ count: Int) -> Int { (count + Int(SLOTS_PER_LINE) - 1) / Int(SLOTS_PER_LINE) }

    init(
        services: [UInt32], details: [UInt32], backends: [UInt32], backendIndex: [UInt32], sequences: [UInt32]
    ) {
        self.services = services
        self.details = details
        self.backends = backends
        self.backendIndex = backendIndex
        self.sequences = sequences
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
    ///   - quic: their tables, which lie from `firstQUICLine` on.
    ///   - firstSlotsLine: the slots of all services follow each other from here.
    ///   - entries: what there is besides one entry for each service.
    ///   - zonesBase: of the array from a source's class to its zone.
    ///   - nodeAddresses: backends there are the node itself.
    init(
        _ states: [ServiceState], _ shapes: [SlotShape], _ entries: ServiceEntries, zonesBase: UInt32,
        _ quic: QUICTables, firstQUICLine: Int, firstSlotsLine: Int, nodeAddresses: [IPAddress] = []
    ) throws(ImageError) {
        let own = Set(nodeAddresses)
        let highest = states.flatMap(\.backends).map(\.slot).max()
        guard highest ?? 0 <= Self.highestSlot else { throw .tooLarge(what: "the backends") }
        backendIndex = [UInt32](repeating: BACKEND_NONE, count: highest.map { Int($0) + 1 } ?? 0)
        services.reserveCapacity(states.count * Line.words)
        var line = firstSlotsLine
        let zoneLines = entries.variants.reduce(0) { lines, variant in
            lines + (variant.own.map { SlotShape(states[variant.service].zoneSlots[$0].slots).lines } ?? 0)
        }
        let firstSequencesLine = firstSlotsLine + shapes.reduce(0) { $0 + $1.lines } + zoneLines
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
            if let ports = state.masquerade {
                entry.masquerade_first = ports.lowerBound
                entry.masquerade_count = UInt16(ports.count)
            }
            switch state.unavailable {
            case .drop: break
            case .reset: entry.flags |= UInt8(SERVICE_UNAVAILABLE_RESET)
            case .unreachable: entry.flags |= UInt8(SERVICE_UNAVAILABLE_UNREACHABLE)
            }
            entry.scheduler = state.scheduler.number
            if state.isStateful { entry.flags |= UInt8(SERVICE_STATEFUL) }
            if state.affinity > 0 { entry.flags |= UInt8(SERVICE_AFFINITY) }
            if state.quic != nil { entry.flags |= UInt8(SERVICE_QUIC) }
            services.append(bytesOf: entry)
            var detail = service_detail()
            detail.zones_base = entry.variants > 0 ? zonesBase : 0
            detail.affinity = UInt32(clamping: state.affinity)
            let sequence = state.sequence
            detail.sequence_line = UInt32(truncatingIfNeeded: firstSequencesLine + sequences.count / Line.words)
            detail.sequence_count = UInt32(sequence.count)
            sequences.append(lineOf: sequence)
            if let quic = quic.places[index], let form = state.quic {
                detail.quic_line = UInt32(firstQUICLine + quic.line)
                detail.quic_mask = quic.mask
                detail.quic_id_offset = UInt8(form.idOffset)
                detail.quic_id_length = UInt8(form.idLength)
                detail.quic_cid_length = UInt8(form.cidLength)
            }
            details.append(bytesOf: detail)
            for (backend, weight) in zip(state.backends, Self.weights(state.shares)) {
                guard backendIndex[Int(backend.slot)] == BACKEND_NONE else {
                    throw .inconsistent("backend '\(backend.name)' of '\(state.name)' has no counter slot of its own")
                }
                backendIndex[Int(backend.slot)] = UInt32(backendCount)
                backends.append(
                    bytesOf: Self.entry(backend, state.forward, weight: weight, isOwn: own.contains(backend.address)))
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
        details += quic.words
    }

    /// Shares in 16 bits; what is more than nothing stays more.
    private static func weights(_ shares: [UInt32]) -> [UInt16] {
        let most = UInt64(max(shares.max() ?? 0, UInt32(UInt16.max)))
        return shares.map { $0 == 0 ? 0 : UInt16(max(1, UInt64($0) * UInt64(UInt16.max) / most)) }
    }

    private static func entry(
        _ state: BackendState, _ forward: Service.Forward, weight: UInt16, isOwn: Bool
    ) -> backend {
        var entry = backend()
        withUnsafeMutableBytes(of: &entry.address) { store(state.address, in: $0) }
        if let source = state.tunnelSource { withUnsafeMutableBytes(of: &entry.source) { store(source, in: $0) } }
        entry.slot = state.slot
        entry.tag = tag(state)
        if let source = state.tunnelSource { entry.outer_sum = outerSum(source: source, destination: state.address) }
        entry.weight = weight
        entry.drain_end = UInt32(clamping: state.drainEnd)
        if state.rampStart > 0 {
            entry.ramp_start = UInt32(clamping: state.rampStart)
            entry.ramp_seconds = UInt16(clamping: state.slowStart)
        }
        if let mac = state.mac ?? (forward.hasNetworks ? MACAddress(derivedFrom: state.address) : nil) {
            withUnsafeMutableBytes(of: &entry.mac) { $0.copyBytes(from: mac.bytes) }
            entry.flags |= UInt8(BACKEND_MAC)
        }
        if state.address.family == .v6 { entry.flags |= UInt8(BACKEND_V6) }
        if isOwn { entry.flags |= UInt8(BACKEND_OWN) }
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
        case .nat: UInt8(FORWARD_NAT)
        }
    }

    init?(code: UInt8) {
        guard let method = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = method
    }
}

extension Service.Scheduler {
    var number: UInt8 {
        switch self {
        case .maglev: UInt8(SCHEDULER_MAGLEV)
        case .roundRobin: UInt8(SCHEDULER_ROUND_ROBIN)
        case .random: UInt8(SCHEDULER_RANDOM)
        case .leastConnections: UInt8(SCHEDULER_LEAST_CONNECTIONS)
        case .latency: UInt8(SCHEDULER_LATENCY)
        }
    }
}

extension [UInt32] {
    /// Appends numbers of 16 bits, two to the word, and fills the line.
    fileprivate mutating func append(lineOf numbers: [UInt16]) {
        for place in stride(from: 0, to: numbers.count, by: 2) {
            let second = place + 1 < numbers.count ? numbers[place + 1] : 0
            append(UInt32(numbers[place]) | UInt32(second) << 16)
        }
        while !count.isMultiple(of: Line.words) { append(0) }
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
