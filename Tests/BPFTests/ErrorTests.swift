import BPF
import Foundation
import TestSupport
import Testing

struct ErrorTests {
    private static let log = """
        libbpf: prog 'refused': BPF program load failed: Permission denied
        libbpf: prog 'refused': -- BEGIN PROG LOAD LOG --
        0: R1=ctx(off=0,imm=0) R10=fp0
        ; return *(__u8 *)(long)ctx->data;
        0: (61) r1 = *(u32 *)(r1 +0)          ; R1_w=pkt(off=0,r=0,imm=0)
        1: (71) r0 = *(u8 *)(r1 +0)
        invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0)
        R1 offset is outside of the packet
        processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
        -- END PROG LOAD LOG --
        libbpf: failed to load program 'refused'

        """

    @Test func theLastWordsOfTheVerifierAreTheSummary() {
        let error = BPFError("load object refused", code: EACCES, log: Self.log)
        #expect(error.summary == "R1 offset is outside of the packet (6 more lines of log)")
        #expect(
            error.description
                == "load object refused: permission denied: R1 offset is outside of the packet (6 more lines of log)")
    }

    @Test func errorsChain() {
        #expect(BPFError("do it", code: ENOENT).description == "do it: no such file or directory")
        #expect(BPFError("do it", code: 524, hint: "try less").description == "do it: not supported: try less")
        #expect(BPFError("do it", code: ENOENT, log: "").summary == nil)
    }
}

@Suite(.enabled(if: isRoot, "probing needs root"))
struct EnvironmentTests {
    @Test func theKernelHasWhatTheProductNeeds() {
        for feature: Feature in [
            .xdp, .trafficControl, .ringBuffer, .loop, .mappableArrays, .jiffies, .xdpLinks, .liveFrames,
        ] {
            #expect(feature.isAvailable, "\(feature.name), from Linux \(feature.since)")
        }
    }

    @Test func aProbeIsAskedOnce() {
        nonisolated(unsafe) var asked = 0
        let feature = Feature("test feature", since: "0.1") {
            asked += 1
            return true
        }
        #expect(feature.isAvailable)
        #expect(feature.isAvailable)
        #expect(asked == 1)
    }

    @Test func rootLacksNothing() { #expect(Capability.missing().isEmpty) }

    @Test func directoriesMoveAndExchange() throws {
        try withPinDirectory { directory in
            let (a, b) = ("\(directory)/a", "\(directory)/b")
            for path in ["\(a)/inner", b] { try BPFFilesystem.makeDirectory(path) }
            #expect(throws: BPFError.self) { try BPFFilesystem.move(a, to: b) }
            try BPFFilesystem.exchange(a, b)
            #expect(try BPFFilesystem.contents(of: b) == ["inner"])
            try BPFFilesystem.move(b, to: "\(directory)/c")
            #expect(try BPFFilesystem.contents(of: directory) == ["a", "c"])
            try BPFFilesystem.removeTree("\(directory)/c")
            #expect(try BPFFilesystem.contents(of: directory) == ["a"])
            #expect(try !BPFFilesystem.unpin("\(directory)/c"))
        }
    }

    @Test func loggingIsOffUnlessAskedFor() throws {
        nonisolated(unsafe) var lines: [String] = []
        LibbpfLog.setLogger { _, text in lines.append(text) }
        defer { LibbpfLog.setLogger(nil) }
        _ = try? ObjectFile([0], name: "rubbish")
        #expect(lines.contains { $0.contains("rubbish") })
    }
}
