import Testing

extension LabSuite {
    @Suite("Balance")
    struct Balance {
        let lab = Lab.current

        @Test("every backend gets its share, and sees the client's own address", arguments: Lab.Family.allCases)
        func share(_ family: Lab.Family) async throws {
            try await lab.withNode { () async throws in
                let answers = try await lab.requests(300, to: family.vipHost)
                #expect(answers.count == 300)
                #expect(Set(answers.map(\.client)) == [family.client1])
                let shares = Dictionary(grouping: answers, by: \.server).mapValues(\.count)
                #expect(shares.keys.sorted() == ["backend-1", "backend-2", "backend-3"])
                // A share is binomial: 100 on average, standard deviation 8.
                #expect(shares.values.allSatisfy { $0 > 50 }, "\(shares)")

                let service = try await lab.service("shop")
                #expect(service.backends.map(\.packets).reduce(0, +) == service.packets)
                // Five packets or more from the client for each request: SYN, ACK, request, and the end.
                for (backend, server) in zip(service.backends, shares.keys.sorted()) {
                    #expect(backend.packets >= 4 * shares[server]!, "\(backend)")
                }
            }
        }

        @Test("weights are shares")
        func weights() async throws {
            var file = NodeFile()
            file.backends[0].2 = 300
            file.backends[1].2 = 0
            try await lab.withNode(file) { () async throws in
                let answers = try await lab.requests(300, to: Lab.Family.ipv4.vipHost)
                let shares = Dictionary(grouping: answers, by: \.server).mapValues(\.count)
                #expect(shares["backend-2"] == nil)
                #expect(shares["backend-1"]! > 2 * shares["backend-3"]!, "\(shares)")
            }
        }

        @Test(
            "full-size frames that no longer fit with the tunnel header get through whole",
            arguments: Lab.Family.allCases, Lab.Tunnel.allCases)
        func pathMTU(_ family: Lab.Family, _ tunnel: Lab.Tunnel) async throws {
            try await lab.withNode(NodeFile(forward: tunnel.lines)) { () async throws in
                for version in ["-4", "-6"] {
                    try await lab.run(on: .client1, ["ip", version, "route", "flush", "cache"])
                }
                let before = try await lab.dropped("too_big")
                try await lab.transfer(to: family.vipHost)
                #expect(try await lab.dropped("too_big") > before)
                // Learned from the node's answer in the VIP's name: 1500 less headers over IPv4 or IPv6.
                let route = try await lab.run(on: .client1, ["ip", "route", "get", family.vip])
                let fitting = [20, 40].map { 1500 - $0 - tunnel.overhead }
                #expect(fitting.contains { route.contains("mtu \($0)") }, "\(route)")
            }
        }
    }
}
