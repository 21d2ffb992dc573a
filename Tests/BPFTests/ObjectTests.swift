import BPF
import TestSupport
import Testing

/// Loaded once per test: nothing is shared, so tests can run side by side.
func sampleFile() throws -> ObjectFile { try ObjectFile(base64: SampleObject.base64, name: "sample") }

func sample() throws -> Object { try sampleFile().load() }

let packet = [UInt8](repeating: 0xab, count: 60)

struct Entry: BitwiseCopyable, Equatable {
    var packets: UInt64
    var bytes: UInt64
}

@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct ObjectTests {
    @Test func constantsAreWhatTheyAreSetTo() throws {
        for verdict in [XDPAction.pass, .transmit] {
            let file = try sampleFile()
            try file.setVariable("verdict", to: verdict.rawValue)
            let result = try file.load().program("sample_count").run(TestRun(packet: packet))
            #expect(result.action == verdict)
        }
    }

    @Test func variablesAreFoundInTheirSections() throws {
        let file = try sampleFile()
        let runs = try file.variable("runs")
        #expect(runs.section == ".bss" && runs.size == 8)
        #expect(try file.variable("settings").section == ".data.settings")
        #expect(try file.variable("constant_pair").size == 16)
    }

    @Test func wrongSizesAndNamesAreRefused() throws {
        let file = try sampleFile()
        #expect(throws: BPFError.self) { try file.setVariable("verdict", to: UInt64(1)) }
        #expect(throws: BPFError.self) { try file.setVariable("nowhere", to: UInt64(1)) }
        #expect(throws: BPFError.self) { try file.setMaxEntries(1, ofMap: "nowhere") }
        let object = try file.load()
        #expect(throws: BPFError.self) { _ = try object.program("nowhere") }
    }

    @Test func damagedObjectsAreRefused() {
        let error = #expect(throws: BPFError.self) { _ = try ObjectFile([1, 2, 3], name: "rubbish") }
        #expect(error?.description.hasPrefix("open object rubbish: ") == true)
        #expect(throws: BPFError.self) { _ = try ObjectFile(base64: "AB*=", name: "rubbish") }
    }

    @Test func theVerifiersReasonIsInTheError() throws {
        func load() throws {
            let file = try sampleFile()
            try file.setVariable("misbehaves", to: UInt32(1))
            _ = try file.load()
        }
        let error = #expect(throws: BPFError.self) { try load() }
        #expect(error?.code == 13)
        #expect(error?.summary?.contains("outside of the packet") == true)
        #expect(error?.log?.contains("BEGIN PROG LOAD LOG") == true)
    }

    @Test func onlyChosenProgramsAreLoaded() throws {
        let file = try sampleFile()
        try file.loadOnly(["sample_pass"])
        let object = try file.load()
        #expect(try object.program("sample_pass").information.name == "sample_pass")
        #expect(throws: BPFError.self) { _ = try object.program("sample_count") }
    }

    @Test func reusedMapsAndSectionsAreShared() throws {
        let first = try sample()
        let file = try sampleFile()
        for map in ["table", ".data.settings"] { try file.reuse(first.map(map), asMap: map) }
        #expect(throws: BPFError.self) { try file.reuse(first.map("table"), asMap: "per_cpu") }
        let second = try file.load()

        let settings = try MappedArray<UInt32>(elementOf: first.map(".data.settings"))
        settings[0] = 41
        let table = try MappedArray<Entry>(first.map("table"))
        _ = try first.program("sample_count").run(TestRun(packet: packet))
        _ = try second.program("sample_count").run(TestRun(packet: packet))
        #expect(settings[1] >= 41)
        #expect(table[0] == Entry(packets: 2, bytes: 120))
        #expect(try first.map("table").information.id == second.map("table").information.id)
        #expect(try first.map(".bss").information.id != second.map(".bss").information.id)
    }

    @Test func mapsAndProgramsOutliveTheObject() throws {
        func parts() throws -> Program { try sample().program("sample_count") }
        #expect(try parts().run(TestRun(packet: packet)).action == .drop)
    }
}

@Suite(.enabled(if: isRoot, "loading programs needs root"))
struct TestRunTests {
    @Test func theChangedPacketComesBack() throws {
        let result = try sample().program("sample_count").run(TestRun(packet: packet))
        #expect(result.packet.count == 64)
        #expect(result.packet.suffix(60) == packet[...])
    }

    @Test func repetitionsAreTimed() throws {
        let object = try sample()
        var test = TestRun(packet: packet)
        test.repetitions = 20
        #expect(try object.program("sample_pass").run(test).duration > .zero)
    }

    @Test func theContextOfTrafficControlComesBack() throws {
        var test = TestRun(packet: packet)
        test.context = [UInt8](repeating: 0, count: 192)
        let result = try sample().program("sample_mark").run(test)
        // `mark` is the third word of struct __sk_buff.
        #expect(result.context[8] == 7)
        #expect(Int32(bitPattern: result.returnValue) == -1)
    }

    @Test func packetsOfAnInterfaceSeemToComeFromIt() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                let object = try sample()
                var test = TestRun(packet: packet)
                test.interfaceIndex = index
                _ = try object.program("sample_count").run(test)
                let settings = try MappedArray<UInt32>(elementOf: object.map(".data.settings"))
                #expect(settings[1] == index)
            }
        }
    }

    @Test func tooShortPacketsAreRefused() throws {
        let object = try sample()
        #expect(throws: BPFError.self) { _ = try object.program("sample_pass").run(TestRun(packet: [1, 2, 3])) }
    }
}
