import Testing

extension LabSuite {
    /// Two nodes behind a router that spreads connections over them by hash: what `docs/survival.md` promises, with
    /// real downloads.
    @Suite("Fleet", .fleet)
    struct Fleet {
        let lab = Lab.current

        /// Enough that each node and backend has some, but for one run in millions.
        private let count = 48
        private var small: NodeFile {
            var file = NodeFile()
            file.backends.removeLast()
            return file
        }

        /// Downloads that run, through both nodes.
        private func downloads() async throws -> [Download] {
            let before = try await lab.forwarded()
            let downloads = try await lab.downloads(count)
            let after = try await lab.forwarded()
            try #require(zip(before, after).allSatisfy { $0 < $1 }, "both nodes take part")
            return downloads
        }

        /// All of them go on behind what happened, else it proves nothing, and none is hurt.
        private func expectIntact(_ downloads: [Download]) async {
            for download in downloads {
                #expect(download.isRunning, "it ended too early, from \(download.server)")
            }
            for download in downloads { #expect(await download.completes(), "from \(download.server)") }
        }

        private func applyOnBoth(_ file: NodeFile) async throws {
            for node in Lab.nodes { try await lab.apply(file, on: node) }
        }

        private func drainOnBoth() async throws {
            for node in Lab.nodes { try await lab.sluice("backend", "drain", "shop", "shop-1", on: node) }
        }

        @Test("a backend is added, on one node after the other")
        func add() async throws {
            try await lab.withNodes(small) { () async throws in
                let older = try await downloads()
                try await lab.apply(NodeFile(), on: .node1)
                let between = try await lab.downloads(12)
                try await lab.apply(NodeFile(), on: .node2)
                let newer = try await lab.downloads(12)
                #expect(try await lab.servers() == ["backend-1", "backend-2", "backend-3"])
                await expectIntact(older + between + newer)
            }
        }

        @Test("a backend is drained")
        func drain() async throws {
            try await lab.withNodes { () async throws in
                let downloads = try await downloads()
                try await drainOnBoth()
                #expect(try await lab.servers() == ["backend-2", "backend-3"])
                #expect(downloads.contains { $0.server == "backend-1" })
                await expectIntact(downloads)
            }
        }

        @Test("a node is killed, and comes back", arguments: Lab.nodes)
        func kill(_ node: Lab.Host) async throws {
            try await lab.withNodes { () async throws in
                let downloads = try await downloads()
                try await lab.kill(node)
                #expect(try await lab.servers().count == 3)
                try await lab.restore(node)
                #expect(try await lab.servers().count == 3)
                await expectIntact(downloads)
            }
        }

        @Test("a node is killed when it has added a backend and the other has not; then that one adds it as well")
        func killTheFirst() async throws {
            try await lab.withNodes(small) { () async throws in
                let older = try await downloads()
                try await lab.apply(NodeFile(), on: .node1)
                try await lab.kill(.node1)
                #expect(try await lab.servers() == ["backend-1", "backend-2"])
                let between = try await lab.downloads(12)
                try await lab.apply(NodeFile(), on: .node2)
                #expect(try await lab.servers() == ["backend-1", "backend-2", "backend-3"])
                await expectIntact(older + between)
            }
        }

        @Test("a node is killed when the other has added a backend and it has not")
        func killTheSecond() async throws {
            try await lab.withNodes(small) { () async throws in
                let older = try await downloads()
                try await lab.apply(NodeFile(), on: .node1)
                let between = try await lab.downloads(12)
                try await lab.kill(.node2)
                #expect(try await lab.servers() == ["backend-1", "backend-2", "backend-3"])
                await expectIntact(older + between)
            }
        }

        @Test("a node is killed when both have added a backend: whatever is older than that survives")
        func killAfterBoth() async throws {
            try await lab.withNodes(small) { () async throws in
                let older = try await downloads()
                try await applyOnBoth(NodeFile())
                try await lab.kill(.node1)
                #expect(try await lab.servers() == ["backend-1", "backend-2", "backend-3"])
                await expectIntact(older)
            }
        }

        /// That the tests above can fail: they do without marks.
        @Test("without a drain time, draining breaks what the backend has")
        func drainWithoutMarks() async throws {
            try await lab.withNodes(NodeFile(drainTime: "0s")) { () async throws in
                let downloads = try await downloads()
                try await drainOnBoth()
                let drained = downloads.filter { $0.server == "backend-1" }
                try #require(!drained.isEmpty)
                for download in drained { #expect(await !download.completes()) }
                for download in downloads { download.cancel() }
            }
        }

        @Test("without a drain time, a backend that is added breaks what moves to it")
        func addWithoutMarks() async throws {
            var (before, after) = (small, NodeFile())
            before.drainTime = "0s"
            after.drainTime = "0s"
            try await lab.withNodes(before) { () async throws in
                let downloads = try await downloads()
                try await applyOnBoth(after)
                var broken = 0
                for download in downloads where await !download.completes() { broken += 1 }
                #expect(broken > 0)
                #expect(broken < downloads.count)
            }
        }
    }
}
