import Foundation
import Testing

extension LabSuite {
    /// Loading, refusing, dying, cleaning up.
    @Suite("Lifecycle")
    struct Lifecycle {
        let lab = Lab.current

        @Test("packets flow while no process runs")
        func noProcess() async throws {
            try await lab.withNode { () async throws in
                let processes = try await run(["ip", "netns", "pids", lab.instance(.node)])
                #expect(processes.isEmpty)
                #expect(try await lab.requests(10, to: Lab.Family.ipv4.vipHost).count == 10)
            }
        }

        @Test("down leaves nothing")
        func down() async throws {
            try await lab.withNode { () async throws in
                #expect(FileManager.default.fileExists(atPath: lab.pins(.node)))
                #expect(try await lab.run(on: .node, ["ip", "link", "show", "eth0"]).contains("xdp"))
            }
            #expect(!FileManager.default.fileExists(atPath: lab.pins(.node)))
            // Detaching ends after the last pin has gone.
            #expect(
                try await eventually {
                    try await !lab.run(on: .node, ["ip", "link", "show", "eth0"]).contains("xdp")
                })
            for direction in ["ingress", "egress"] {
                #expect(try await lab.run(on: .node, ["tc", "filter", "show", "dev", "eth0", direction]).isEmpty)
            }
            #expect(try await lab.connect(to: Lab.Family.ipv4.node) == .refused)
            #expect(try await lab.attemptSluice("down").succeeded, "nothing to remove is no failure")
        }

        @Test("an interface that runs somebody else's program is refused")
        func foreignProgram() async throws {
            try await lab.occupy(.node)
            func foreign() async throws -> Bool {
                try await lab.run(on: .node, ["ip", "-details", "link", "show", "eth0"]).contains("prog/xdp")
            }
            #expect(try await foreign())
            let file = try TemporaryFile(NodeFile().text)
            let finished = try await lab.attemptSluice("apply", file.path)
            #expect(finished.status == 1)
            #expect(finished.errors.contains("eth0"), "\(finished.errors)")
            #expect(try await foreign())
            #expect(try await lab.connect(to: Lab.Family.ipv4.node) == .refused, "it still runs")

            try await lab.run(on: .node, ["ip", "link", "set", "eth0", "xdpdrv", "off"])
            try await lab.withNode { () async throws in
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered)
            }
        }

        @Test(
            "a file that cannot be applied changes nothing",
            arguments: [
                NodeFile(interface: "eth9").text,
                NodeFile(more: "tests: [{from: 10.0.0.200, to: \"192.0.2.10:80/tcp\", expect: allow}]").text,
                NodeFile(policies: ["office: {from: [offise], to: [shop]}"]).text,
                "version: 1\ninterfaces: [",
                "",
            ])
        func refused(_ text: String) async throws {
            try await lab.withNode { () async throws in
                let before = try await lab.sluice("service", "show", "shop", "--json")
                let file = try TemporaryFile(text)
                let finished = try await lab.attemptSluice("apply", file.path)
                #expect(finished.status == 1)
                #expect(!finished.errors.isEmpty)
                #expect(try await lab.sluice("service", "show", "shop", "--json") == before)
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered)
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost, from: .client2) == .silence)
            }
        }

        @Test("an apply that is killed leaves the old or the new state, and the next command goes on")
        func killed() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix64(state: seed)
            var other = NodeFile()
            other.policies.append("second: {from: any, to: [node], ports: [7/udp]}")
            try await lab.withNode { () async throws in
                for round in 0..<20 {
                    let file = try TemporaryFile(round.isMultiple(of: 2) ? other.text : NodeFile().text)
                    let apply = try Program(lab.sluiceCommand(["apply", file.path]))
                    let moment = Int.random(in: 0..<150, using: &random)
                    try await Task.sleep(for: .milliseconds(moment))
                    apply.signal(SIGKILL)
                    _ = await apply.wait()
                    let where_ = Comment("seed \(seed), round \(round), killed after \(moment) ms")
                    #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered, where_)
                    #expect(try await lab.connect(to: Lab.Family.ipv4.node) == .silence, where_)
                    let next = try await lab.attemptSluice("apply", file.path)
                    #expect(next.succeeded, "\(where_): \(next.errors)")
                }
            }
        }

        @Test("a first apply that is killed opens nothing, and the next one succeeds")
        func killedFirst() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix64(state: seed)
            for round in 0..<10 {
                let file = try TemporaryFile(NodeFile().text)
                let apply = try Program(lab.sluiceCommand(["apply", file.path]))
                let moment = Int.random(in: 0..<300, using: &random)
                try await Task.sleep(for: .milliseconds(moment))
                apply.signal(SIGKILL)
                _ = await apply.wait()
                try await lab.withNode { () async throws in
                    let where_ = Comment("seed \(seed), round \(round), killed after \(moment) ms")
                    #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered, where_)
                }
            }
        }

        @Test("two applies at the same time both succeed, or the second names the first")
        func concurrent() async throws {
            try await lab.withNode { () async throws in
                let file = try TemporaryFile(NodeFile().text)
                let applies = try (0..<3).map { _ in try Program(lab.sluiceCommand(["apply", file.path])) }
                for apply in applies {
                    let finished = await apply.wait()
                    #expect(finished.succeeded || finished.errors.contains("being changed by"), "\(finished.errors)")
                }
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered)
            }
        }
    }
}

/// A small generator that a printed seed repeats (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
/// Generators", 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
