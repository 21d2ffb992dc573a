import Net
import Plan
import Policy

/// Repeatable randomness (SplitMix64, Steele, Lea, Flood 2014): a failing test names its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// Small random states whose sets, ports and rules overlap a lot.
struct RandomState {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    mutating func pick<Element>(_ values: [Element]) -> Element { values[number(0...values.count - 1)] }

    /// From few values per byte, so that prefixes nest and addresses hit them.
    mutating func address(_ family: IPAddress.Family? = nil) -> IPAddress {
        let isV4 = family.map { $0 == .v4 } ?? chance(60)
        let bytes: [UInt8] = (0..<(isV4 ? 4 : 16)).map { _ in pick([0, 0, 1, 2, 127, 128, 255]) }
        return IPAddress(bytes: isV4 ? [10] + bytes.dropFirst() : [0x20, 1] + bytes.dropFirst(2)) ?? .v4(IPv4Address(0))
    }

    mutating func prefix() -> Prefix {
        let address = address()
        let length = number(0...address.family.bits)
        // Few lengths below 8, or everything is inside everything.
        return Prefix(masking: address, length: length < 8 && chance(90) ? address.family.bits : length)
            ?? Prefix(address)
    }

    mutating func set() -> AddressSet {
        let parts = (0...number(0...1)).map { _ in
            AddressSet.Part(
                prefixes: (0...number(0...5)).map { _ in prefix() },
                except: (0..<number(0...2)).map { _ in prefix() })
        }
        return AddressSet(parts: parts, complement: chance(10))
    }

    mutating func ports() -> [TrafficMatch]? {
        guard chance(60) else { return nil }
        return (0...number(0...2)).map { _ in
            switch number(0...5) {
            case 0: TrafficMatch(.icmp, icmpType: 8)
            case 1: TrafficMatch(.icmpv6, icmpType: 128, code: chance(50) ? 0 : nil)
            case 2: TrafficMatch(pick([.tcp, .udp, .gre]))
            case 3:
                TrafficMatch(pick([.tcp, .udp]), UInt16(number(0...90))...UInt16(number(90...200)))
            default: TrafficMatch(pick([.tcp, .udp]), port: UInt16(number(78...90)))
            }
        }
    }

    mutating func rule(_ index: Int, sets: Int, services: Int) -> RuleState {
        let to = (0...number(0...1)).map { _ -> RuleState.Destination in
            switch number(0...5) {
            case 0: .any
            case 1: .node
            case 2 where services > 0: .service(number(0...services - 1))
            default: sets > 0 ? .set(number(0...sets - 1)) : .any
            }
        }
        let from = chance(15) || sets == 0 ? nil : Set((0..<number(0...3)).map { _ in number(0...sets - 1) }).sorted()
        return RuleState(
            name: "rule-\(index)", from: from, to: to, ports: ports(), action: chance(60) ? .allow : .deny,
            priority: Int16(number(-3...3)), slot: UInt32(index + 1),
            position: Position(file: pick(["a.yaml", "b.yaml"]), line: index + 1, column: 3))
    }

    mutating func service(_ index: Int, firstBackendSlot: UInt32, sets: Int) -> ServiceState {
        let backends = (0..<UInt32(number(0...4))).map { backend in
            BackendState(
                name: "backend-\(backend)", address: address(), weight: UInt16(number(0...3)),
                mac: chance(20) ? MACAddress(bytes: [2, 0, 0, 0, 0, UInt8(backend)]) : nil, draining: chance(20),
                tunnelSource: chance(50) ? address() : nil, slot: firstBackendSlot + backend)
        }
        var state = ServiceState(
            name: "service-\(index)", vips: Array(Set((0...number(0...1)).map { _ in address() })).sorted(),
            ports: [], forward: pick([.direct, .ipip]), drainTime: number(0...7200), backends: backends,
            slot: UInt32(index))
        if chance(30) {
            state.groups = (0...number(0...2)).map { GroupState(name: "group-\($0)", weight: UInt16(number(0...99))) }
            for index in state.backends.indices { state.backends[index].group = pick(state.groups).name }
        }
        for index in state.backends.indices where chance(30) {
            state.backends[index].slowStart = number(0...60)
            state.backends[index].rampStart = UInt64(number(0...100))
            state.backends[index].drainEnd = UInt64(number(0...100))
        }
        state.unavailable = pick([.drop, .reset, .unreachable])
        // Own ports, so that no two services meet.
        state.ports = [
            TrafficMatch(.tcp, port: UInt16(80 + index)), TrafficMatch(pick([.tcp, .udp]), port: UInt16(180 + index)),
        ]
        if chance(40) {
            let first = UInt16(300 + index * 100)
            state.ports.append(TrafficMatch(pick([.tcp, .udp, .sctp]), first...first + UInt16(number(1...99))))
        }
        if chance(40) {
            state.vipPrefixes = Set((0...number(0...1)).map { _ in prefix() }).filter { !$0.isHost && $0.length > 0 }
                .sorted()
        }
        if chance(30), sets > 0 { state.sources = Set((0...number(0...1)).map { _ in number(0...sets - 1) }).sorted() }
        if chance(30) {
            state.quic = Service.QUIC()
            state.quic?.idLength = 2
            for backend in state.backends.indices where chance(80) {
                state.backends[backend].quicID = [UInt8(backend), UInt8(number(0...255))]
            }
        }
        state.scheduler = pick(Service.Scheduler.allCases)
        if chance(30) { state.affinity = number(1...100_000) }
        if !backends.isEmpty { state.slots = slots(backends.count) }
        return state
    }

    private mutating func slots(_ backends: Int) -> ServiceSlots {
        let backend = { (self: inout RandomState) in UInt16(self.number(0...backends - 1)) }
        let count = pick([31, 67, 101])
        var slots = ServiceSlots(current: (0..<count).map { _ in backend(&self) })
        if chance(50) {
            let previousCount = chance(50) ? count : 53
            slots.previous = (0..<previousCount).map { _ in chance(50) ? ServiceSlots.none : backend(&self) }
            slots.drainEnd = UInt64(number(1...100_000))
            if chance(20) { slots.current = [] }
        }
        return slots
    }

    private mutating func addZones(to state: inout State) {
        guard chance(40) else { return }
        for name in ["east", "west"] {
            state.zones.append(ZoneState(name: name, set: state.sets.count))
            state.sets.append(set())
        }
    }

    mutating func state() -> State {
        var state = State()
        state.ingressDefault = chance(80) ? .deny : .allow
        state.echoReply = chance(60)
        state.clients = chance(50) ? .node : chance(50) ? .all : .none
        if chance(30) { state.clientGroup = "/clients.slice" }
        if chance(50) { state.flows.idleUDP = number(1...1000) }
        if chance(50) { state.flows.newFlows = number(1...1_000_000) }
        for index in 0..<UInt8(number(0...5)) {
            var interface = InterfaceState(
                name: "eth\(index)", index: UInt32(index) * 3 + 1, mtu: 1500,
                mac: MACAddress(bytes: [2, 1, 1, 1, 1, index]), slot: UInt32(index) + 1)
            if chance(30) { interface.decapsulate = [.ipip] }
            if chance(30) { interface.tunnelSources = [address()] }
            if chance(30) { interface.nextHop = MACAddress(bytes: [2, 2, 2, 2, 2, index]).map { .fixed($0) } ?? .auto }
            state.interfaces.append(interface)
        }
        state.sets = (0..<number(0...8)).map { _ in set() }
        addZones(to: &state)
        var backendSlot: UInt32 = 1
        for index in 0..<number(0...4) {
            state.services.append(service(index, firstBackendSlot: backendSlot, sets: state.sets.count))
            backendSlot += UInt32(state.services[index].backends.count)
            guard !state.services[index].backends.isEmpty, chance(40) else { continue }
            for zone in state.zones where chance(60) {
                state.services[index].zoneSlots.append(
                    ZoneSlots(zone: zone.name, slots: slots(state.services[index].backends.count)))
            }
        }
        state.rules = (0..<number(0...12)).map { rule($0, sets: state.sets.count, services: state.services.count) }
        state.rules.sort { left, right in
            if left.priority != right.priority { return left.priority > right.priority }
            if left.action != right.action { return left.action == .deny }
            return left.slot < right.slot
        }
        state.nodeAddresses = Set((0..<number(0...3)).map { _ in address() }).sorted()
        return state
    }

    /// An address that the state says something about, or one beside it.
    mutating func interestingAddress(_ state: State) -> IPAddress {
        let parts = state.sets.flatMap(\.parts)
        let prefixes = parts.flatMap { $0.prefixes + $0.except }
        let hosts = state.services.flatMap(\.allVIPs).flatMap { [$0.address, $0.last] } + state.nodeAddresses
        switch number(0...4) {
        case 0 where !hosts.isEmpty: return pick(hosts)
        case 1 where !prefixes.isEmpty: return pick(prefixes).address
        case 2 where !prefixes.isEmpty: return pick(prefixes).last
        case 3 where !prefixes.isEmpty:
            // One beyond the prefix's end.
            var bytes = pick(prefixes).last.bytes
            for index in bytes.indices.reversed() {
                bytes[index] &+= 1
                if bytes[index] != 0 { break }
            }
            return IPAddress(bytes: bytes) ?? address()
        default: return address()
        }
    }
}
