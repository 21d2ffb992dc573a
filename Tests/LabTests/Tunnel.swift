import Testing

extension Lab {
    enum Tunnel: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case ipip, gue, vxlan, geneve

        var testDescription: String { rawValue }
        /// As the value of a service's `forward`, with what else the method needs.
        var lines: String { self == .ipip || self == .gue ? rawValue : "\(rawValue)\n    vni: 5000" }
        /// Bytes behind the outer IP header.
        var overhead: Int {
            switch self {
            case .ipip: 0
            case .gue: 12
            case .vxlan, .geneve: 30
            }
        }
    }

    /// Ten megabytes from a server and back to one, unharmed.
    func transfer(to host: String, seconds: Int = 20) async throws {
        let body = try TemporaryFile("")
        let curl = ["curl", "--silent", "--show-error", "--fail", "--max-time", "\(seconds)"]
        try await run(on: .client1, curl + ["--output", body.path, "http://\(host)/large"])
        let sent = try await digest("\(state)/large")
        #expect(try await digest(body.path) == sent)
        let head = try await run(
            on: .client1, curl + ["--include", "--upload-file", body.path, "http://\(host)/upload/body"])
        let server = try #require(head.firstMatch(of: /X-Server: (backend-.)/)).1
        #expect(try await digest("\(state)/\(server)/upload/body") == sent)
    }

    private func digest(_ path: String) async throws -> Substring {
        try await LabTests.run(["sha256sum", path]).prefix(64)
    }
}
