import Foundation
import Testing

extension LabSuite {
    @Suite("Who may talk to whom")
    struct Policy {
        let lab = Lab.current

        @Test("what no rule allows is met with silence", arguments: Lab.Family.allCases)
        func defaultDeny(_ family: Lab.Family) async throws {
            let node = family == .ipv4 ? family.node : "[\(family.node)]"
            // Without a filter, a closed port answers.
            #expect(try await lab.connect(to: node) == .refused)
            try await lab.withNode { () async throws in
                #expect(try await lab.connect(to: family.vipHost) == .answered)
                #expect(try await lab.connect(to: family.vipHost, from: .client2) == .silence)
                #expect(try await lab.connect(to: family.vipHost, port: 81) == .silence)
                #expect(try await lab.connect(to: node) == .silence)
                #expect(try await lab.connect(to: node, port: 22) == .silence)
                #expect(!(try await lab.pings(family.node)))

                #expect(try await lab.dropped("default") > 0)
                #expect(try await lab.dropped("no_service") > 0)
            }
        }

        @Test("a VIP answers ping where the file says so", arguments: Lab.Family.allCases)
        func echo(_ family: Lab.Family) async throws {
            try await lab.withNode { () async throws in
                #expect(try await lab.pings(family.vip))
                #expect(try await lab.pings(family.vip, from: .client2))
            }
        }

        @Test("a rule that goes cuts running connections, one that comes back revives them")
        func revocation() async throws {
            try await lab.withNode { () async throws in
                let download = try await Download(
                    lab, length: 4_000_000, rate: 200_000, from: Lab.Family.ipv4.vipHost)
                try await lab.apply(NodeFile(policies: []))
                #expect(try await download.stalls())
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .silence)

                try await lab.apply(NodeFile())
                let stalled = download.received
                #expect(try await eventually { download.received > stalled })
                download.cancel()
            }
        }

        /// Whether datagrams from the node to a server on client-1 are answered.
        private func datagramsReturn(_ family: Lab.Family) async throws -> Bool {
            let server = try await lab.datagramServer(on: .client1, at: family.client1)
            defer { server.signal(SIGKILL) }
            let asker = try await lab.datagrams(to: family.client1, flows: 4, from: .node)
            try await Task.sleep(for: .milliseconds(200))
            let report = try await asker.report()
            return report.asked > 0 && report.lost == 0
        }

        @Test("what the node asks is answered, what it did not ask is not", arguments: Lab.Family.allCases)
        func replies(_ family: Lab.Family) async throws {
            let client = family == .ipv4 ? family.client1 : "[\(family.client1)]"
            try await lab.withNode(NodeFile(policies: [])) { () async throws in
                let answer = try await lab.requests(1, to: client, from: .node)
                #expect(answer == [Lab.Answer(server: "client-1", client: family.node)])
                #expect(try await lab.pings(family.client1, from: .node))
                #expect(try await datagramsReturn(family))

                #expect(try await lab.connect(to: family == .ipv4 ? family.node : "[\(family.node)]") == .silence)
                #expect(!(try await lab.pings(family.node)))
            }
        }
    }
}
