import Testing

extension LabSuite {
    /// Real connections under each scheduler.
    @Suite("Schedulers")
    struct Schedulers {
        let lab = Lab.current

        private func file(_ options: String...) -> NodeFile {
            var file = NodeFile()
            file.service = options
            return file
        }

        private func shares(_ answers: [Lab.Answer]) -> [Int] {
            (1...3).map { number in answers.count { $0.server == "backend-\(number)" } }
        }

        @Test("round robin is exact")
        func roundRobin() async throws {
            try await lab.withNode(file("scheduler: round-robin")) { () async throws in
                #expect(shares(try await lab.requests(90, to: Lab.Family.ipv4.vipHost)) == [30, 30, 30])
                #expect(shares(try await lab.requests(30, to: Lab.Family.ipv6.vipHost)) == [10, 10, 10])
            }
        }

        @Test(
            "every backend is used, and handshakes are measured", arguments: ["random", "least-connections", "latency"])
        func others(_ scheduler: String) async throws {
            try await lab.withNode(file("scheduler: \(scheduler)")) { () async throws in
                let answers = try await lab.requests(200, to: Lab.Family.ipv4.vipHost)
                #expect(shares(answers).reduce(0, +) == 200)
                // Who is nearest by a hair gets most under `latency`.
                #expect(shares(answers).allSatisfy { $0 > (scheduler == "latency" ? 0 : 20) }, "\(shares(answers))")
                let backends = try await lab.service("shop").backends
                #expect(backends.allSatisfy { $0.flows != nil })
                #expect(backends.allSatisfy { ($0.handshake_us != nil) == (scheduler == "latency") })
            }
        }

        @Test("least connections counts what runs, and connections outlive changes of the backends")
        func leastConnections() async throws {
            try await lab.withNode(file("scheduler: least-connections")) { () async throws in
                var downloads: [Download] = []
                for _ in 0..<18 {
                    downloads.append(
                        try await Download(lab, length: 500_000, rate: 100_000, from: Lab.Family.ipv4.vipHost))
                }
                let counts = try await lab.service("shop").backends.map { $0.flows ?? -1 }
                #expect(counts.reduce(0, +) == 18, "\(counts)")
                #expect(counts.allSatisfy { $0 >= 3 }, "\(counts)")

                try await lab.sluice("backend", "drain", "shop", "shop-1")
                let answers = try await lab.requests(60, to: Lab.Family.ipv4.vipHost)
                #expect(shares(answers)[0] == 0)
                for download in downloads { #expect(await download.completes(), "from \(download.server)") }
                let after = try await lab.service("shop").backends.map { $0.flows ?? -1 }
                #expect(after == [0, 0, 0], "every connection has ended")
            }
        }

        @Test("a client keeps its backend over connections", arguments: ["maglev", "round-robin", "least-connections"])
        func affinity(_ scheduler: String) async throws {
            try await lab.withNode(file("scheduler: \(scheduler)", "affinity: 1h")) { () async throws in
                for family in Lab.Family.allCases {
                    let first = try await lab.requests(20, to: family.vipHost)
                    #expect(Set(first.map(\.server)).count == 1)
                    try await lab.sluice("backend", "weight", "shop", "shop-1", family == .ipv4 ? "300" : "10")
                    #expect(Set(try await lab.requests(20, to: family.vipHost) + first).count == 1)
                }
            }
        }
    }
}
