import Foundation

/// A backend of the lab: web only, and the tunnel headers come off.
let backendFile = """
    version: 1
    interfaces:
      eth0: {decapsulate: [ipip, gue, vxlan: {vnis: [5000]}, geneve]}
    policies:
      web: {from: any, to: [node], ports: [80/tcp, 7/udp]}
    """

/// The file that most tests start from; what a test is about it writes itself.
struct NodeFile {
    static let allowed = #"office: {from: [office], to: [{service: shop}], ports: [80/tcp]}"#

    /// Name and the rest of the entry. shop-3 is reached through IPv6.
    var backends = [("shop-1", "10.0.1.1", 100), ("shop-2", "10.0.1.2", 100), ("shop-3", "2001:db8:2::3", 100)]
    var ports = ["80/tcp"]
    /// The method, and lines about it.
    var forward = "ipip"
    var policies = [Self.allowed]
    var interface = "eth0"
    var unavailable = "drop"
    var defaults = "echo: reply"
    var drainTime = "1h"
    /// Lines at the end.
    var more = ""

    var text: String {
        """
        version: 1
        interfaces:
          \(interface): {mode: native}
        defaults: {\(defaults)}
        identities:
          office: {cidrs: [10.0.0.0/25, "2001:db8::/120"]}
        services:
          shop:
            vips: [192.0.2.10, "2001:db8::10"]
            ports: [\(ports.joined(separator: ", "))]
            forward: \(forward)
            unavailable: \(unavailable)
            drain-time: \(drainTime)
            backends:
        \(backends.map { "      \($0): {address: \"\($1)\", weight: \($2)}" }.joined(separator: "\n"))
        policies:\(policies.isEmpty ? " {}" : "")
        \(policies.map { "  \($0)" }.joined(separator: "\n"))
        \(more)

        """
    }
}

extension Lab {
    func sluiceCommand(_ arguments: [String], on host: Host = .node) -> [String] {
        on(host, [Self.sluice] + arguments + ["--instance", instance(host)])
    }

    func attemptSluice(_ arguments: String..., on host: Host = .node) async throws -> Finished {
        try await LabTests.attempt(sluiceCommand(arguments, on: host))
    }

    @discardableResult
    func sluice(_ arguments: String..., on host: Host = .node) async throws -> String {
        try await LabTests.run(sluiceCommand(arguments, on: host))
    }

    func apply(_ file: NodeFile, on host: Host = .node) async throws {
        let file = try TemporaryFile(file.text)
        try await sluice("apply", file.path, on: host)
    }

    /// Runs the body with the file applied on the node, and leaves nothing of it behind.
    func withNode(_ file: NodeFile = NodeFile(), _ body: () async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do {
            try await apply(file)
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        try await sluice("down")
        try result.get()
    }

    func service(_ name: String, on host: Host = .node) async throws -> Report.Service {
        try await decode(Report.Services.self, sluice("service", "show", name, "--json", on: host)).services[0]
    }

    /// Packets dropped so far for a reason.
    func dropped(_ reason: String) async throws -> Int {
        try await decode(Report.Drops.self, sluice("drops", "--json")).drops
            .filter { $0.reason == reason }.reduce(0) { $0 + $1.packets }
    }

    private func decode<T: Decodable>(_ type: T.Type, _ json: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }
}

/// The parts of `--json` that the tests read.
enum Report {
    struct Services: Decodable { var services: [Service] }
    struct Service: Decodable {
        var name: String
        var packets: Int
        var backends: [Backend]
    }
    struct Backend: Decodable {
        var name: String
        var state: String
        var packets: Int
    }
    struct Drops: Decodable { var drops: [Drop] }
    struct Drop: Decodable {
        var reason: String
        var packets: Int
    }
}
