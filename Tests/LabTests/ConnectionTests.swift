import Testing

extension LabSuite {
    /// What running connections live through.
    @Suite("Connections")
    struct Connections {
        let lab = Lab.current

        /// Enough of them that each of three backends has one but for one run in 2^16.
        private func downloads(_ family: Lab.Family, count: Int = 30) async throws -> [Download] {
            var downloads: [Download] = []
            for _ in 0..<count {
                downloads.append(try await Download(lab, length: 500_000, rate: 100_000, from: family.vipHost))
            }
            return downloads
        }

        private func expectComplete(_ downloads: [Download]) async {
            for download in downloads { #expect(await download.completes(), "from \(download.server)") }
        }

        @Test("draining keeps what runs and takes nothing new", arguments: Lab.Family.allCases)
        func drain(_ family: Lab.Family) async throws {
            try await lab.withNode { () async throws in
                let downloads = try await downloads(family)
                try #require(Set(downloads.map(\.server)).count == 3)
                try await lab.sluice("backend", "drain", "shop", "shop-1")

                let answers = try await lab.requests(200, to: family.vipHost)
                #expect(Set(answers.map(\.server)) == ["backend-2", "backend-3"])
                #expect(downloads.contains { $0.server == "backend-1" && $0.isRunning })
                await expectComplete(downloads)

                try await lab.sluice("backend", "undrain", "shop", "shop-1")
                #expect(try await lab.requests(100, to: family.vipHost).contains { $0.server == "backend-1" })
            }
        }

        @Test("adding and re-weighting backends moves no connection", arguments: Lab.Family.allCases)
        func grow(_ family: Lab.Family) async throws {
            var small = NodeFile()
            small.backends.removeLast()
            try await lab.withNode(small) { () async throws in
                let before = try await downloads(family, count: 15)
                try await lab.apply(NodeFile())
                let between = try await downloads(family, count: 15)
                var heavy = NodeFile()
                heavy.backends[0].2 = 400
                try await lab.apply(heavy)

                #expect(before.contains { $0.isRunning })
                let answers = try await lab.requests(200, to: family.vipHost)
                #expect(Set(answers.map(\.server)).count == 3)
                await expectComplete(before + between)
            }
        }

        @Test("a removed backend's connections do not hold new ones back")
        func remove() async throws {
            var small = NodeFile()
            small.backends.removeFirst()
            try await lab.withNode { () async throws in
                let downloads = try await downloads(.ipv4, count: 15)
                try await lab.apply(small)
                let answers = try await lab.requests(100, to: Lab.Family.ipv4.vipHost)
                #expect(Set(answers.map(\.server)) == ["backend-2", "backend-3"])
                for download in downloads where download.server != "backend-1" {
                    #expect(await download.completes())
                }
            }
        }

        @Test("no request fails while files are applied one after the other")
        func applyUnderLoad() async throws {
            var other = NodeFile()
            other.backends[0].2 = 150
            other.policies.append("world: {from: world, to: [node], ports: [443/tcp]}")
            try await lab.withNode { () async throws in
                let loads = try Lab.Family.allCases.map { family in
                    try Program(lab.on(.client1, lab.requestCommand(3000, to: family.vipHost)))
                }
                var applied = 0
                while loads.contains(where: \.isRunning) {
                    try await lab.apply(applied.isMultiple(of: 2) ? other : NodeFile())
                    applied += 1
                }
                #expect(applied >= 4)
                for load in loads {
                    let finished = await load.wait()
                    #expect(finished.succeeded, "\(finished.errors)")
                    #expect(finished.output.split(separator: "\n").count == 3000)
                }
            }
        }

        @Test("a file that outgrows the tables is loaded beside the running ones, and no connection notices")
        func outgrow() async throws {
            var large = NodeFile()
            // Each identity with a rule of its own: many classes, rows and counters.
            for index in 0..<4000 {
                let source = "172.16.\(index / 250).\(index % 250 + 1)"
                large.policies.append("r\(index): {from: [{cidr: \(source)}], to: node, ports: [\(1000 + index)/tcp]}")
            }
            try await lab.withNode { () async throws in
                let downloads = try await downloads(.ipv4, count: 6)
                let counted = try await lab.service("shop").packets
                let file = try TemporaryFile(large.text)
                let change = try Program(lab.sluiceCommand(["apply", file.path]))
                var requests = 0
                while change.isRunning {
                    requests += try await lab.requests(100, to: Lab.Family.ipv6.vipHost).count
                }
                let finished = await change.wait()
                #expect(finished.succeeded, "\(finished.errors)")
                #expect(finished.errors.contains("programs replaced"), "\(finished.errors)")
                await expectComplete(downloads)
                #expect(try await lab.service("shop").packets > counted + 4 * requests, "counters were carried over")
                try await lab.apply(NodeFile())
                #expect(try await lab.requests(20, to: Lab.Family.ipv4.vipHost).count == 20)
            }
        }
    }
}
