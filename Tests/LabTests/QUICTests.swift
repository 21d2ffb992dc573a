import Foundation
import Testing

/// `tools/lib/lab-quic.py`.
extension Lab {
    private static let script = "\(package)tools/lib/lab-quic.py"
    /// Made by `tools/test`: Debian's archive has no QUIC for Python.
    static let quicPython = "\(package).build/lab-python/bin/python3"
    static var hasQUIC: Bool { FileManager.default.isExecutableFile(atPath: quicPython) }

    func quicServer(on host: Host, at address: String, id: String) async throws -> Program {
        let server = try Program(on(host, [Self.quicPython, Self.script, "serve", host.rawValue, address, id]))
        try #require(try await eventually(within: 20) { server.output == "ready\n" }, "\(server.errors)")
        return server
    }

    /// Downloads, changing its port on the way so that `sockets` of them were used.
    func quicDownload(from address: String, bytes: Int, sockets: Int) throws -> Program {
        try Program(on(.client1, [Self.quicPython, Self.script, "fetch", address, "\(bytes)", "\(sockets)"]))
    }
}

private struct QUICDownload: Decodable {
    var server: String
    var bytes: Int
    var ports: [Int]

    init(_ finished: Finished) throws {
        try #require(finished.succeeded, "\(finished.errors)")
        let line = finished.output.split(separator: "\n").last ?? ""
        self = try JSONDecoder().decode(QUICDownload.self, from: Data(line.utf8))
    }
}

extension LabSuite {
    @Suite("QUIC", .enabled(if: Lab.hasQUIC, "needs aioquic, which tools/test installs"))
    struct QUIC {
        let lab = Lab.current

        private static let ids = ["0a0b0c01", "0a0b0c02", "0a0b0c03"]

        private static func file(weights: [Int], routed: Bool = true) -> String {
            let addresses = ["10.0.1.1", "10.0.1.2", "2001:db8:2::3"]
            let backends = weights.enumerated().map { number, weight in
                "      shop-\(number + 1): {address: \"\(addresses[number])\", weight: \(weight)"
                    + (routed ? ", quic-id: \"\(ids[number])\"}" : "}")
            }
            return """
                version: 1
                interfaces:
                  eth0: {mode: native}
                services:
                  shop:
                    vips: [192.0.2.8/29, "2001:db8::10"]
                    ports: [1-99/udp]
                    forward: ipip
                \(routed ? "    quic: {id-length: 4}" : "")
                    backends:
                \(backends.joined(separator: "\n"))
                policies:
                  all: {from: {cidr: 10.0.0.0/25}, to: shop}
                  all6: {from: {cidr: "2001:db8::/120"}, to: shop}

                """
        }

        private func apply(_ text: String) async throws {
            let file = try TemporaryFile(text)
            try await lab.sluice("apply", file.path)
        }

        /// Downloads while `body` does something; all of them.
        private func downloads(
            _ family: Lab.Family, _ count: Int, during body: () async throws -> Void = {}
        ) async throws -> [QUICDownload] {
            let clients = try (0..<count).map { _ in
                try lab.quicDownload(from: family.vip, bytes: 3_000_000, sockets: 6)
            }
            for client in clients {
                try #require(try await eventually(within: 20) { client.output.hasPrefix("begun") }, "\(client.errors)")
            }
            try await body()
            var downloads: [QUICDownload] = []
            for client in clients { downloads.append(try QUICDownload(await client.wait())) }
            return downloads
        }

        @Test(
            "downloads survive that their client's port changes, and the backends with it",
            arguments: Lab.Family.allCases)
        func migration(_ family: Lab.Family) async throws {
            var servers: [Program] = []
            for (host, id) in zip([Lab.Host.backend1, .backend2, .backend3], Self.ids) {
                servers.append(try await lab.quicServer(on: host, at: family.vip, id: id))
            }
            try await apply(Self.file(weights: [100, 100]))
            let result: Result<Void, any Error>
            do { result = .success(try await check(family)) } catch { result = .failure(error) }
            try await lab.sluice("down")
            for server in servers {
                server.signal(SIGTERM)
                _ = await server.wait()
            }
            try result.get()
        }

        private func check(_ family: Lab.Family) async throws {
            let downloads = try await downloads(family, 6) {
                // One drains, one comes: what the hash says is another thing for every client.
                try await apply(Self.file(weights: [0, 100, 100]))
            }
            #expect(downloads.allSatisfy { $0.bytes == 3_000_000 && Set($0.ports).count == 6 })
            #expect(Set(downloads.map(\.server)).isSubset(of: ["backend-1", "backend-2"]))
            let report = try await lab.sluice("service", "show", "shop", "--json")
            #expect(report.contains("\"quic_unknown\": 0,"), "\(report)")
        }
    }
}
