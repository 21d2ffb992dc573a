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

        @Test("what the node asks is answered, what it did not ask is not", arguments: Lab.Family.allCases)
        func replies(_ family: Lab.Family) async throws {
            let client = family == .ipv4 ? family.client1 : "[\(family.client1)]"
            try await lab.withNode(NodeFile(policies: [])) { () async throws in
                let answer = try await lab.requests(1, to: client, from: .node)
                #expect(answer == [Lab.Answer(server: "client-1", client: family.node)])
                #expect(try await lab.pings(family.client1, from: .node))
                #expect(try await lab.echoes(family.client1, from: .node, by: .client1))

                #expect(try await lab.connect(to: family == .ipv4 ? family.node : "[\(family.node)]") == .silence)
                #expect(!(try await lab.pings(family.node)))
            }
        }
    }
}

extension Lab {
    /// Sends a datagram from one host to the other and back, and waits a second for it.
    func echoes(_ address: String, from host: Host, by peer: Host) async throws -> Bool {
        let answer = """
            import socket
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
                server.bind(("::", 7))
                print("ready", flush=True)
                server.sendto(*server.recvfrom(16))
            """
        let ask = """
            import socket, sys
            family, _, _, _, target = socket.getaddrinfo(sys.argv[1], 7, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.settimeout(1)
                client.connect(target)
                client.send(b"sluice")
                sys.exit(client.recv(16) != b"sluice")
            """
        let server = try Program(on(peer, ["python3", "-c", answer]))
        defer { server.signal(SIGKILL) }
        guard try await eventually({ server.output == "ready\n" }) else { return false }
        return try await attempt(on: host, ["python3", "-c", ask, address]).succeeded
    }
}
