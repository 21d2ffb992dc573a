import BPF
import TestSupport
import Testing

@Suite(.enabled(if: isRoot, "maps need root"))
struct MapTests {
    private func hash(maxEntries: UInt32 = 100_000) throws -> Map<UInt64, Entry> {
        try Map(MapHandle.create(.hash, name: "test", keySize: 8, valueSize: 16, maxEntries: maxEntries))
    }

    @Test func valuesAreWrittenReadAndRemoved() throws {
        let map = try hash()
        #expect(try map.value(for: 1) == nil)
        try map.update(1, to: Entry(packets: 2, bytes: 3))
        #expect(try map.value(for: 1) == Entry(packets: 2, bytes: 3))
        #expect(try map.remove(1))
        #expect(try !map.remove(1))
    }

    @Test func updateModesAreKept() throws {
        let map = try hash()
        let value = Entry(packets: 1, bytes: 1)
        #expect(throws: BPFError.self) { try map.update(1, to: value, .replace) }
        try map.update(1, to: value, .insert)
        #expect(throws: BPFError.self) { try map.update(1, to: value, .insert) }
        try map.update(1, to: value, .replace)
    }

    /// More than a batch, and none.
    @Test(arguments: [0, 1, 9_000]) func allEntriesAreListed(count: UInt64) throws {
        let map = try hash()
        for key in 0..<count { try map.update(key, to: Entry(packets: key * key, bytes: 0)) }
        let entries = try map.entries()
        #expect(entries.map(\.key).sorted() == Array(0..<count))
        #expect(entries.allSatisfy { $0.value.packets == $0.key * $0.key })
    }

    @Test func arraysAreListedByIndex() throws {
        let map = try Map<UInt32, UInt64>(
            MapHandle.create(.array, name: "test", keySize: 4, valueSize: 8, maxEntries: 5))
        try map.update(3, to: 33)
        #expect(try map.entries().map(\.value) == [0, 0, 0, 33, 0])
    }

    @Test func wrongSizesAreRefused() throws {
        func make() throws -> MapHandle {
            try MapHandle.create(.hash, name: "test", keySize: 8, valueSize: 16, maxEntries: 1)
        }
        #expect(throws: BPFError.self) { _ = try Map<UInt32, Entry>(make()) }
        #expect(throws: BPFError.self) { _ = try Map<UInt64, UInt64>(make()) }
        #expect(throws: BPFError.self) { _ = try PerCPUMap<UInt64, Entry>(make()) }
    }

    @Test func impossibleMapsSayWhy() {
        let error = #expect(throws: BPFError.self) {
            _ = try MapHandle.create(.array, name: "none", keySize: 4, valueSize: 8, maxEntries: 0)
        }
        #expect(error?.description == "create map none of 0 entries: invalid argument: a map needs at least one entry")
    }

    @Test func perCPUValuesAreOnePerCPU() throws {
        let object = try sample()
        let map = try PerCPUMap<UInt32, UInt32>(object.map("per_cpu"))
        let before = try #require(try map.values(for: 0))
        #expect(try before == Array(repeating: 0, count: possibleCPUs()))
        for _ in 0..<5 { _ = try object.program("sample_count").run(TestRun(packet: packet)) }
        #expect(try map.values(for: 0)?.reduce(0, +) == 5)
        try map.update(0, to: before)
        #expect(try map.values(for: 0) == before)
        #expect(throws: BPFError.self) { try map.update(0, to: before + [1]) }
    }

    @Test func mappedArraysAreTheMapItself() throws {
        let handle = try MapHandle.create(
            .array, name: "test", keySize: 4, valueSize: 16, maxEntries: 1000, flags: .mappable)
        let memory = try MappedArray<Entry>(handle)
        memory[999] = Entry(packets: 1, bytes: 2)
        let map = try Map<UInt32, Entry>(handle.duplicate())
        #expect(try map.value(for: 999) == Entry(packets: 1, bytes: 2))
        try map.update(0, to: Entry(packets: 3, bytes: 4))
        #expect(memory[0] == Entry(packets: 3, bytes: 4))
        #expect(memory.count == 1000)
    }

    @Test func onlyMappableArraysAreMapped() throws {
        let plain = try MapHandle.create(.array, name: "test", keySize: 4, valueSize: 16, maxEntries: 10)
        #expect(throws: BPFError.self) { _ = try MappedArray<Entry>(plain) }
        let odd = try MapHandle.create(
            .array, name: "test", keySize: 4, valueSize: 12, maxEntries: 10, flags: .mappable)
        #expect(throws: BPFError.self) { _ = try MappedArray<(UInt32, UInt32, UInt32)>(odd) }
    }

    @Test func mapsOfMapsHoldMaps() throws {
        let inner = try MapHandle.create(.array, name: "inner", keySize: 4, valueSize: 4, maxEntries: 1)
        #expect(throws: BPFError.self) { _ = try MapOfMaps(inner.duplicate()) }
    }

    @Test func pinsKeepMaps() throws {
        try withPinDirectory { directory in
            try hash().handle.pin(at: "\(directory)/kept")
            let map = try Map<UInt64, Entry>(MapHandle(pinnedAt: "\(directory)/kept"))
            try map.update(1, to: Entry(packets: 1, bytes: 1))
            #expect(try Map<UInt64, Entry>(MapHandle(pinnedAt: "\(directory)/kept")).value(for: 1) != nil)
            #expect(try map.handle.memoryBytes() > 0)
            #expect(throws: BPFError.self) { try map.handle.pin(at: "\(directory)/with.dot") }
        }
    }

    @Test func recordsArriveInOrder() throws {
        let object = try sample()
        let ring = try RingBuffer(object.map("events"))
        #expect(try ring.poll(timeout: .zero) { _ in Issue.record("nothing was sent") } == 0)
        for length in [60, 100, 80] {
            _ = try object.program("sample_count").run(TestRun(packet: [UInt8](repeating: 0, count: length)))
        }
        var lengths: [UInt64] = []
        let count = try ring.poll(timeout: .milliseconds(100)) { lengths.append($0.load(as: UInt64.self)) }
        #expect(count == 3)
        #expect(lengths == [60, 100, 80])
    }
}
