import Testing

extension Lab {
    static let nodes: [Host] = [.node1, .node2]

    /// Runs the body with the file applied on both nodes of the fleet and the router sending to both, and leaves nothing
    /// of it behind.
    func withNodes(_ file: NodeFile = NodeFile(), _ body: () async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do {
            for node in Self.nodes { try await apply(file, on: node) }
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        for node in Self.nodes {
            try await restore(node)
            try await sluice("down", on: node)
        }
        try result.get()
    }

    /// Pulls the node's plug; then the router learns of it.
    func kill(_ node: Host) async throws {
        try await plug(node, "down")
        try await route(to: Self.nodes.filter { $0 != node })
    }

    /// Plugs the node in again; the router sends to both.
    func restore(_ node: Host) async throws {
        try await plug(node, "up")
        try await route(to: Self.nodes)
    }

    private func plug(_ node: Host, _ direction: String) async throws {
        try await LabTests.run(["ip", "-n", "\(name)-switch", "link", "set", node.rawValue, direction])
    }

    /// Half of them by IPv4, half by IPv6, all at the same time.
    func downloads(_ count: Int, length: Int = 2_000_000, rate: Int = 200_000) async throws -> [Download] {
        try await withThrowingTaskGroup(of: Download.self) { group in
            for number in 0..<count {
                let family = Family.allCases[number % 2]
                group.addTask { try await Download(self, length: length, rate: rate, from: family.vipHost) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Packets of the service that each node has forwarded.
    func forwarded() async throws -> [Int] {
        var packets: [Int] = []
        for node in Self.nodes { packets.append(try await service("shop", on: node).packets) }
        return packets
    }

    /// Who answers new connections.
    func servers() async throws -> Set<String> {
        var servers: Set<String> = []
        for family in Family.allCases {
            servers.formUnion(try await requests(60, to: family.vipHost).map(\.server))
        }
        return servers
    }
}
