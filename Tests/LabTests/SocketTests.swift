import BPF
import Foundation
import Testing

extension LabSuite {
    /// Services for the node's own processes.
    @Suite("Sockets")
    struct Sockets {
        let lab = Lab.current

        /// The service, for the processes of a group that is ours alone. UDP has no backend of IPv6.
        private func withClients(
            _ scope: String = "node", backends: [(String, String, Int)]? = nil,
            _ body: (ClientProcesses, inout NodeFile) async throws -> Void
        ) async throws {
            let clients = try ClientProcesses(lab)
            var file = NodeFile()
            if let backends { file.backends = backends }
            file.ports = ["80/tcp", "7/udp"]
            file.defaults = "local-clients: \(scope), client-cgroup: \(clients.group)"
            try await lab.withNode(file) { () async throws in try await body(clients, &file) }
        }

        /// A name of the service, and where its backends are.
        static let names = [
            ("192.0.2.10", ["backend-1", "backend-2"]), ("::ffff:192.0.2.10", ["backend-1", "backend-2"]),
            ("2001:db8::10", ["backend-3"]),
        ]

        @Test("a TCP connection to a VIP goes to a backend and says that its peer is the VIP", arguments: names)
        func tcp(_ vip: String, _ servers: [String]) async throws {
            try await withClients { (clients, _) async throws in
                let lines = try await clients.exchange("connect", vip, 80, 40)
                #expect(Set(lines) == Set(servers.map { "\($0) \(vip) 80" }))
                // No packet of these met the balancer.
                #expect(try await lab.service("shop").packets == 0)
            }
        }

        @Test("a connected UDP socket hears from the VIP", arguments: names)
        func connectedDatagrams(_ vip: String, _ servers: [String]) async throws {
            try await withClients { (clients, _) async throws in
                let running = try await serveDatagrams()
                let lines = try await clients.exchange("converse", vip, 7, 40)
                #expect(Set(lines) == Set(servers.map { "\($0) \(vip) 7 \(vip) 7" }))
                withExtendedLifetime(running) {}
            }
        }

        @Test("a UDP socket that is not connected hears from the VIP, and stays with one backend", arguments: names)
        func datagrams(_ vip: String, _ servers: [String]) async throws {
            try await withClients { (clients, _) async throws in
                let running = try await serveDatagrams()
                var met: Set<String> = []
                for _ in 0..<12 {
                    let lines = Set(try await clients.exchange("send", vip, 7, 5))
                    #expect(lines.count == 1, "\(lines)")
                    met.formUnion(lines)
                }
                // One in 2^11 runs meets only one of two.
                #expect(met == Set(servers.map { "\($0) \(vip) 7" }))
                withExtendedLifetime(running) {}
            }
        }

        private func serveDatagrams() async throws -> [Program] {
            [
                try await lab.datagramServer(on: .backend1, at: "10.0.1.1"),
                try await lab.datagramServer(on: .backend2, at: "10.0.1.2"),
                try await lab.datagramServer(on: .backend3, at: "2001:db8:2::3"),
            ]
        }

        @Test("an IPv6 socket gets an IPv4 backend where there is no other; an IPv4 socket none of IPv6")
        func otherFamily() async throws {
            try await withClients(backends: [("shop-1", "10.0.1.1", 1)]) { (clients, file) async throws in
                #expect(
                    try await clients.exchange("connect", "2001:db8::10", 80, 3)
                        == Array(repeating: "backend-1 2001:db8::10 80", count: 3))
                file.backends = [("shop-3", "2001:db8:2::3", 1)]
                try await lab.apply(file)
                #expect(try await clients.exchange("connect", "192.0.2.10", 80, 1) == ["error ECONNREFUSED"])
            }
        }

        @Test("weights are shares of connections")
        func weights() async throws {
            try await withClients(backends: [("shop-1", "10.0.1.1", 300), ("shop-2", "10.0.1.2", 100)]) {
                (clients, _) async throws in
                let lines = try await clients.exchange("connect", "192.0.2.10", 80, 1000)
                let first = lines.count { $0.hasPrefix("backend-1 ") }
                #expect(lines.count == 1000)
                // Binomial: 750 on average, standard deviation 14.
                #expect((680...820).contains(first), "\(first)")
            }
        }

        @Test("a service on a range of ports is reached on each")
        func range() async throws {
            try await withClients { (clients, file) async throws in
                file.ports = ["79-81/tcp"]
                try await lab.apply(file)
                #expect(
                    Set(try await clients.exchange("connect", "192.0.2.10", 80, 20))
                        == ["backend-1 192.0.2.10 80", "backend-2 192.0.2.10 80"])
                // Gets to a backend, too, whose own rules drop it.
                #expect(try await clients.exchange("connect", "192.0.2.10", 81, 1) == ["error timeout"])
            }
        }

        @Test("without a usable backend a connection is refused at once")
        func refused() async throws {
            try await withClients(backends: [("shop-1", "10.0.1.1", 0)]) { (clients, _) async throws in
                #expect(try await clients.exchange("connect", "192.0.2.10", 80, 1) == ["error ECONNREFUSED"])
                #expect(try await clients.exchange("converse", "192.0.2.10", 7, 1) == ["error ECONNREFUSED"])
                #expect(try await clients.exchange("send", "192.0.2.10", 7, 1) == ["error ECONNREFUSED"])
                #expect(try await clients.exchange("connect", "2001:db8::10", 80, 1) == ["error ECONNREFUSED"])
            }
        }

        @Test("what is no service is left alone")
        func others() async throws {
            try await withClients { (clients, _) async throws in
                #expect(
                    try await clients.exchange("connect", "10.0.1.2", 80, 2)
                        == Array(repeating: "backend-2 10.0.1.2 80", count: 2))
                let servers = try await serveDatagrams()
                #expect(try await clients.exchange("send", "10.0.1.2", 7, 1) == ["backend-2 10.0.1.2 7"])
                withExtendedLifetime(servers) {}
            }
        }

        @Test("a removed backend gets no further connection and no further datagram, a drained one no new ones")
        func remove() async throws {
            try await withClients(backends: [("shop-1", "10.0.1.1", 1), ("shop-2", "10.0.1.2", 1)]) {
                (clients, _) async throws in
                let servers = try await serveDatagrams()
                let conversation = try clients.start("keep", "192.0.2.10", 7, 600)
                try #require(try await eventually { conversation.lines.count > 2 })
                let current = String(conversation.lines[0].prefix("backend-1".count))
                let (name, other) = current == "backend-1" ? ("shop-1", "backend-2") : ("shop-2", "backend-1")

                try await lab.sluice("backend", "drain", "shop", name)
                #expect(
                    Set(try await clients.exchange("connect", "192.0.2.10", 80, 20)) == ["\(other) 192.0.2.10 80"])
                let drained = conversation.lines.count
                try #require(try await eventually { conversation.lines.count > drained + 2 })
                #expect(Set(conversation.lines.dropFirst(drained)) == ["\(current) 192.0.2.10 7"], "it stays")

                try await lab.sluice("backend", "remove", "shop", name)
                let removed = conversation.lines.count + 1
                try #require(try await eventually { conversation.lines.count > removed + 2 })
                #expect(Set(conversation.lines.dropFirst(removed)) == ["\(other) 192.0.2.10 7"], "it moves")
                #expect(
                    Set(try await clients.exchange("connect", "192.0.2.10", 80, 20)) == ["\(other) 192.0.2.10 80"])
                conversation.signal(SIGTERM)
                withExtendedLifetime(servers) {}
            }
        }

        @Test("replacing the programs is not noticed, and down leaves nothing")
        func replace() async throws {
            try await withClients { (clients, file) async throws in
                let servers = try await serveDatagrams()
                let conversation = try clients.start("keep", "192.0.2.10", 7, 600)
                try #require(try await eventually { conversation.lines.count > 2 })
                try await lab.apply(file)
                // Each with a rule of its own, so that the tables outgrow their room.
                for index in 0..<4000 {
                    let source = "172.16.\(index / 250).\(index % 250 + 1)"
                    file.policies.append(
                        "r\(index): {from: [{cidr: \(source)}], to: node, ports: [\(1000 + index)/tcp]}")
                }
                let large = try TemporaryFile(file.text)
                let applied = try await lab.attemptSluice("apply", large.path)
                #expect(applied.errors.contains("programs replaced"), "\(applied.errors)")
                let count = conversation.lines.count
                try #require(try await eventually { conversation.lines.count > count + 2 })
                #expect(Set(conversation.lines).count == 1, "\(Set(conversation.lines))")
                #expect(
                    Set(try await clients.exchange("connect", "192.0.2.10", 80, 20))
                        == ["backend-1 192.0.2.10 80", "backend-2 192.0.2.10 80"])
                #expect(try await clients.programs() == SocketHook.allCases.count)

                try await lab.sluice("down")
                #expect(try await clients.programs() == 0)
                #expect(try await clients.exchange("connect", "192.0.2.10", 80, 1) != ["backend-1 192.0.2.10 80"])
                conversation.signal(SIGTERM)
                withExtendedLifetime(servers) {}
            }
        }

        @Test("processes of other network namespaces only where the file says all", arguments: ["node", "all"])
        func scope(_ scope: String) async throws {
            try await withClients(scope) { (clients, file) async throws in
                file.policies.append("more: {from: any, to: [shop]}")
                try await lab.apply(file)
                #expect(try await clients.exchange("connect", "192.0.2.10", 80, 5, on: .client1).count == 5)
                // Whether these packets met the balancer.
                let packets = try await lab.service("shop").packets
                #expect((packets == 0) == (scope == "all"))
            }
        }

        @Test("the file decides whether and in which control group")
        func configuration() async throws {
            try await withClients { (clients, file) async throws in
                #expect(try await clients.programs() == SocketHook.allCases.count)
                let status = try await lab.sluice("status")
                #expect(status.contains("node, control group \(clients.group)"), "\(status)")

                // Attached before in one group, then in another, and in the first one no more.
                let second = try ClientProcesses(lab, "second")
                file.defaults = "client-cgroup: \(second.group)"
                try await lab.apply(file)
                #expect(try await clients.programs() == 0)
                #expect(try await second.programs() == SocketHook.allCases.count)

                let before = file.defaults
                file.defaults = "client-cgroup: /not-there"
                let wrong = try TemporaryFile(file.text)
                let refused = try await lab.attemptSluice("apply", wrong.path)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("/not-there"), "\(refused.errors)")
                #expect(try await second.programs() == SocketHook.allCases.count)

                file.defaults = "local-clients: none, \(before)"
                try await lab.apply(file)
                #expect(try await second.programs() == 0)
            }
        }
    }
}

/// Processes in a control group of their own.
final class ClientProcesses: Sendable {
    private let lab: Lab
    private let root: String
    /// As in `/proc/PID/cgroup`.
    let group: String

    init(_ lab: Lab, _ name: String = "clients") throws {
        self.lab = lab
        root = try ControlGroup("/").path
        group = "/\(lab.name)-\(name)"
        // One that a killed run left will do.
        if !FileManager.default.fileExists(atPath: root + group) {
            try FileManager.default.createDirectory(atPath: root + group, withIntermediateDirectories: false)
        }
    }

    deinit { rmdir(root + group) }

    private func command(_ words: [String], on host: Lab.Host) -> [String] {
        let script = "echo $$ >\(root)\(group)/cgroup.procs && exec \"$@\""
        return lab.on(host, ["sh", "-c", script, "sh", "python3", "\(Lab.package)tools/lib/lab-sockets.py"] + words)
    }

    /// `tools/lib/lab-sockets.py` in the group, to its end.
    func exchange(
        _ verb: String, _ address: String, _ port: Int, _ count: Int, on host: Lab.Host = .node
    ) async throws -> [String] {
        let output = try await run(command([verb, address, "\(port)", "\(count)"], on: host))
        return output.split(separator: "\n").map(String.init)
    }

    func start(_ verb: String, _ address: String, _ port: Int, _ count: Int) throws -> Program {
        try Program(command([verb, address, "\(port)", "\(count)"], on: .node))
    }

    /// How many programs are attached to the group.
    func programs() async throws -> Int {
        try await run(["bpftool", "cgroup", "show", root + group]).split(separator: "\n").count {
            $0.contains("sluice_")
        }
    }
}

extension Program {
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}
