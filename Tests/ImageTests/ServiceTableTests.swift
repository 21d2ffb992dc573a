import DataplaneABI
import Net
import Plan
import Policy
import Testing

@testable import Image

@Suite struct ServiceTableTests {
    private func backend(_ name: String, _ address: String, source: String? = nil, slot: UInt32) throws -> BackendState
    {
        BackendState(
            name: name, address: try #require(IPAddress(address)), tunnelSource: source.flatMap { IPAddress($0) },
            slot: slot)
    }

    private func service(_ backends: [BackendState], _ slots: ServiceSlots, slot: UInt32 = 0) -> ServiceState {
        ServiceState(
            name: "s\(slot)", vips: [], ports: [], forward: .ipip, drainTime: 60, backends: backends, slot: slot,
            slots: slots)
    }

    private func entry<Entry: BitwiseCopyable>(_: Entry.Type, _ words: [UInt32], _ line: Int) -> Entry {
        words.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: line * Line.bytes, as: Entry.self) }
    }

    /// The slots of the image's only service as they lie in its bytes, with those of the previous table.
    private func slots(_ slots: ServiceSlots) throws -> (current: [UInt16], previous: [UInt16]) {
        var state = State()
        let backends = try (0..<3).map { try backend("b\($0)", "10.0.0.\($0)", slot: UInt32($0 + 1)) }
        state.services = [service(backends, slots)]
        let image = try Image.compile(PublishedState(state: state))
        let table = image.services.entry(0)
        let bytes = image.bytes
        func read(_ line: UInt32, _ count: UInt32) -> [UInt16] {
            bytes.withUnsafeBytes { bytes in
                (0..<Int(count)).map { bytes.load(fromByteOffset: Int(line) * Line.bytes + $0 * 2, as: UInt16.self) }
            }
        }
        return (read(table.slots_line, table.slot_count), read(table.previous_line, table.previous_count))
    }

    private static let none = ServiceSlots.none

    @Test(
        arguments: [
            // Nothing marked.
            (ServiceSlots(current: [0, 1, 2]), [0, 1, 2], []),
            // Only the slots with a previous backend.
            (
                ServiceSlots(current: [0, 1, 2], previous: [none, 2, none], drainEnd: 9), [0, 0x8001, 2],
                [none, 2, none]
            ),
            // The table's size changed: all.
            (
                ServiceSlots(current: [0, 1, 2], previous: [1, none], drainEnd: 9), [0x8000, 0x8001, 0x8002], [1, none]
            ),
            // Every backend drains.
            (ServiceSlots(current: [], previous: [1, 0], drainEnd: 9), [0xFFFF], [1, 0]),
            (ServiceSlots(), [], []),
        ] as [(ServiceSlots, [UInt16], [UInt16])])
    func slotsAreMarkedWhereConnectionsMayBelongElsewhere(
        from: ServiceSlots, current: [UInt16], previous: [UInt16]
    ) throws {
        let written = try slots(from)
        #expect(written.current == current)
        #expect(written.previous == previous)
    }

    @Test func slotsOfServicesFollowEachOtherOnLinesOfTheirOwn() throws {
        let tables = try ServiceTables(
            [
                service([], ServiceSlots(current: Array(repeating: 0, count: 33)), slot: 4),
                service([], ServiceSlots(current: [0], previous: [0], drainEnd: 3), slot: 7),
            ], firstSlotsLine: 100)
        let (first, second) = (tables.entry(0), tables.entry(1))
        #expect([first.slots_line, first.slot_count, first.previous_count, first.counter] == [100, 33, 0, 4])
        #expect([second.slots_line, second.previous_line, second.previous_count, second.counter] == [102, 103, 1, 7])
        #expect(first.drain_end == 0)
        #expect(second.drain_end == 3_000_000_000)
    }

    @Test func sequencesFollowTheSlots() throws {
        var states = [
            service(
                try (0..<40).map { try backend("b\($0)", "10.0.0.\($0 + 1)", slot: UInt32($0 + 1)) },
                ServiceSlots(current: Array(repeating: 0, count: 33)), slot: 0),
            service([try backend("a", "10.0.1.1", slot: 50)], ServiceSlots(current: [0]), slot: 1),
            service([try backend("a", "10.0.2.1", slot: 51)], ServiceSlots(current: [0]), slot: 2),
        ]
        states[0].scheduler = .roundRobin
        states[1].affinity = 600
        states[2].scheduler = .latency
        let tables = try ServiceTables(states, firstSlotsLine: 100)
        let details = (0..<3).map { entry(service_detail.self, tables.details, $0) }
        #expect(details.map(\.sequence_line) == [104, 106, 106])
        #expect(details.map(\.sequence_count) == [40, 0, 1])
        #expect(details.map(\.affinity) == [0, 600, 0])
        #expect(tables.sequences.count == 3 * Line.words)
        let pairs: [UInt32] = (0..<20).map { 2 * $0 | (2 * $0 + 1) << 16 }
        #expect(Array(tables.sequences.prefix(20)) == pairs)
        let entries = (0..<3).map(tables.entry)
        #expect(entries.map(\.flags) == [1, 3, 1])
        #expect(entries.map { Int32($0.scheduler) } == [SCHEDULER_ROUND_ROBIN, 0, SCHEDULER_LATENCY])
        #expect(entry(DataplaneABI.backend.self, tables.backends, 0).weight == 1)
    }

    @Test func backendsAreFoundByTheirSlots() throws {
        let tables = try ServiceTables(
            [
                service([try backend("a", "10.0.0.1", slot: 5)], ServiceSlots()),
                service([try backend("b", "10.0.0.1", slot: 2), try backend("c", "::1", slot: 3)], ServiceSlots()),
            ], firstSlotsLine: 0)
        #expect(tables.backendIndex == [BACKEND_NONE, BACKEND_NONE, 1, 2, BACKEND_NONE, 0])
        #expect([tables.entry(0).backends, tables.entry(0).backend_count] == [0, 1])
        #expect([tables.entry(1).backends, tables.entry(1).backend_count] == [1, 2])
        let tags = (0..<3).map { entry(DataplaneABI.backend.self, tables.backends, $0).tag }
        #expect(!tags.contains(0))
        #expect(Set(tags).count == 3)
    }

    @Test func twoBackendsNeverShareASlot() throws {
        let backends = [try backend("a", "10.0.0.1", slot: 5), try backend("b", "10.0.0.2", slot: 5)]
        #expect(throws: ImageError.self) {
            try ServiceTables([service(backends, ServiceSlots())], firstSlotsLine: 0)
        }
    }

    /// Against the checksum of a whole header (RFC 1071), with the words that the data path adds.
    @Test func outerSumCompletesToAHeaderChecksum() throws {
        let state = try backend("a", "10.1.2.3", source: "192.0.2.200", slot: 1)
        let tables = try ServiceTables([service([state], ServiceSlots())], firstSlotsLine: 0)
        let sum = entry(DataplaneABI.backend.self, tables.backends, 0).outer_sum
        let header: [UInt8] = [0x45, 0xB8, 0x01, 0x23, 0, 0, 0x40, 0, 64, 4, 0, 0, 192, 0, 2, 200, 10, 1, 2, 3]
        func word(_ index: Int) -> UInt32 { UInt32(header[index]) | UInt32(header[index + 1]) << 8 }
        func folded(_ sum: UInt32) -> UInt32 {
            let once = sum & 0xFFFF + sum >> 16
            return once & 0xFFFF + once >> 16
        }
        let whole = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + word($1) }
        // Type of service stands in the high byte of the first word, as a little-endian machine reads it.
        #expect(folded(sum + 0xB8 << 8 + word(2) + word(8)) == folded(whole))
    }

    @Test func addressesAndFlagsOfBackends() throws {
        var direct = try backend("a", "2001:db8::2", slot: 1)
        direct.mac = MACAddress("02:00:00:00:00:07")
        let tunnelled = try backend("b", "10.0.0.2", source: "192.0.2.1", slot: 2)
        let tables = try ServiceTables([service([direct, tunnelled], ServiceSlots())], firstSlotsLine: 0)
        let (first, second) = (
            entry(DataplaneABI.backend.self, tables.backends, 0), entry(DataplaneABI.backend.self, tables.backends, 1)
        )
        #expect(Int32(first.flags) == BACKEND_V6 | BACKEND_MAC)
        #expect(first.outer_sum == 0)
        #expect(first.mac.5 == 7)
        #expect([first.address.0, first.address.1, first.address.15] == [0x20, 0x01, 2])
        #expect(second.flags == 0)
        #expect([second.address.0, second.address.3, second.address.4] == [10, 2, 0])
        #expect([second.source.0, second.source.3, second.source.4] == [192, 1, 0])
    }

    @Test(arguments: [0, 1, 2, 17, 63]) func interfacesAreFoundByTheirIndex(count: Int) throws {
        let states = (0..<count).map { index in
            InterfaceState(
                name: "i\(index)", index: UInt32(index * index * 37 + 2), mtu: 1500 + index, mac: nil,
                slot: UInt32(index + 1))
        }
        let table = try InterfaceTable(states)
        #expect(table.words.count == Line.words << Int(table.bits))
        for state in states {
            let line = InterfaceTable.position(state.index, table.multiplier, table.bits)
            let found = entry(interface.self, table.words, line)
            #expect([found.index, found.slot, found.mtu] == [state.index, state.slot, UInt32(state.mtu)])
        }
    }

    @Test func interfacesWithOneIndexAreRefused() {
        let state = InterfaceState(name: "a", index: 3, mtu: 1500, mac: nil, slot: 1)
        #expect(throws: ImageError.self) { try InterfaceTable([state, state]) }
    }
}

extension State {
    fileprivate init(services: [ServiceState]) {
        self.init()
        self.services = services
    }
}

extension ServiceTables {
    /// With the slots that the states have.
    fileprivate init(_ states: [ServiceState], firstSlotsLine: Int) throws(ImageError) {
        try self.init(
            states, states.map { SlotShape($0.slots) }, ServiceEntries(State(services: states)), zonesBase: 0,
            QUICTables(states), firstQUICLine: 0,
            firstSlotsLine: firstSlotsLine)
    }
}
