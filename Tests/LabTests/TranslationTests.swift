import Foundation
import Testing

extension LabSuite {
    /// Services that forward by `nat`.
    @Suite("Translation")
    struct Translation {
        let lab = Lab.current

        private func file(
            _ backend: String, _ family: Lab.Family, target: Int = 80, masquerade: Bool = false,
            defaults: String = "{}"
        ) -> String {
            """
            version: 1
            interfaces: {eth0: {mode: native}}
            defaults: \(defaults)
            services:
              shop:
                vips: ["\(family.vip)"]
                ports: [{port: 8000/tcp, target: \(target)}, 7/udp]
                forward: nat
                masquerade: \(masquerade)
                backends: {one: {address: "\(backend)"}}
            policies:
              world: {from: any, to: shop}

            """
        }

        private func with(_ text: String, _ body: () async throws -> Void) async throws {
            let file = try TemporaryFile(text)
            let result: Result<Void, any Error>
            do {
                try await lab.sluice("apply", file.path)
                result = .success(try await body())
            } catch { result = .failure(error) }
            _ = try await lab.attemptSluice("down")
            try result.get()
        }

        private func backend(_ family: Lab.Family) -> String { family == .ipv4 ? "10.0.1.1" : "2001:db8:2::1" }

        private func digest(_ path: String) async throws -> Substring { try await run(["sha256sum", path]).prefix(64) }

        /// Ten megabytes, whole.
        private func expectWhole(_ family: Lab.Family) async throws {
            let body = try TemporaryFile("")
            let url = "http://\(family.vipHost):8000/large"
            let curl = ["curl", "--silent", "--show-error", "--fail", "--max-time", "30", "--output", body.path, url]
            try await lab.run(on: .client1, curl)
            #expect(try await digest(body.path) == digest("\(lab.state)/large"))
        }

        @Test(
            "a backend on the same segment answers to the node, which it sees as the client",
            arguments: Lab.Family.allCases)
        func masquerade(_ family: Lab.Family) async throws {
            try await with(file(backend(family), family, masquerade: true)) {
                try await expectWhole(family)
                let answers = try await lab.requests(20, to: "\(family.vipHost):8000")
                #expect(Set(answers) == [Lab.Answer(server: "backend-1", client: family.node)])
                let flows = try await lab.sluice("flow", "list")
                #expect(flows.contains("translated"), "\(flows)")
                let server = try await lab.datagramServer(on: .backend1, at: backend(family))
                let datagrams = try await lab.datagrams(to: family.vip, flows: 20)
                try await Task.sleep(for: .seconds(1))
                let report = try await datagrams.report()
                server.signal(SIGTERM)
                #expect(report.asked > 0 && report.lost == 0, "\(report)")
            }
        }

        @Test("a backend whose router the node is sees clients' own addresses", arguments: Lab.Family.allCases)
        func routed(_ family: Lab.Family) async throws {
            let way = [family == .ipv4 ? "-4" : "-6", "route", "add", family.client1, "via", family.node]
            try await lab.run(on: .backend1, ["ip"] + way)
            let result: Result<Void, any Error>
            do {
                try await with(file(backend(family), family)) {
                    try await expectWhole(family)
                    let answers = try await lab.requests(20, to: "\(family.vipHost):8000")
                    #expect(Set(answers) == [Lab.Answer(server: "backend-1", client: family.client1)])
                }
                result = .success(())
            } catch { result = .failure(error) }
            try await lab.run(on: .backend1, ["ip", way[0], "route", "del", family.client1])
            try result.get()
        }

        private func webServer(_ command: [String], at address: String) async throws -> Program {
            let server = try Program(
                command + ["python3", "-u", "-m", "http.server", "8080", "--bind", address, "--directory", lab.state])
            try #require(try await eventually { server.output.contains("Serving") }, "\(server.errors)")
            return server
        }

        @Test("a backend on the node itself", arguments: Lab.Family.allCases)
        func node(_ family: Lab.Family) async throws {
            let server = try await webServer(lab.on(.node, []), at: family.node)
            try await with(file(family.node, family, target: 8080)) { try await expectWhole(family) }
            server.signal(SIGTERM)
        }

        @Test("a container behind a bridge of the node", arguments: Lab.Family.allCases)
        func bridge(_ family: Lab.Family) async throws {
            let container = "\(lab.name)-container"
            let (gateway, address, length) =
                family == .ipv4 ? ("10.88.0.1", "10.88.0.2", 24) : ("fd88::1", "fd88::2", 64)
            _ = try await attempt(["ip", "netns", "delete", container])
            try await run(["ip", "netns", "add", container])
            let node = ["ip", "-n", lab.instance(.node)]
            let result: Result<Void, any Error>
            do {
                try await lab.run(
                    on: .node, ["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"])
                try await run(node + ["link", "add", "br88", "type", "bridge", "forward_delay", "0"])
                try await run(
                    node + ["link", "add", "port88", "type", "veth", "peer", "name", "eth0", "netns", container])
                try await run(node + ["link", "set", "port88", "master", "br88", "up"])
                try await run(node + ["link", "set", "br88", "up"])
                try await run(node + ["address", "add", "\(gateway)/\(length)", "dev", "br88"] + nodad(family))
                let inside = ["ip", "-n", container]
                try await run(inside + ["link", "set", "eth0", "up"])
                try await run(inside + ["address", "add", "\(address)/\(length)", "dev", "eth0"] + nodad(family))
                try await run(inside + [family == .ipv4 ? "-4" : "-6", "route", "add", "default", "via", gateway])
                let server = try await webServer(["nsenter", "--net=/run/netns/\(container)"], at: address)
                try await with(file(address, family, target: 8080, masquerade: true)) {
                    try await expectWhole(family)
                    try await expectWhole(family)
                }
                server.signal(SIGTERM)
                _ = await server.wait()
                result = .success(())
            } catch { result = .failure(error) }
            _ = try await attempt(node + ["link", "delete", "br88"])
            _ = try await attempt(node + ["link", "delete", "port88"])
            _ = try await attempt(["ip", "netns", "delete", container])
            _ = try await lab.attempt(
                on: .node, ["sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"])
            try result.get()
        }

        private func nodad(_ family: Lab.Family) -> [String] { family == .ipv6 ? ["nodad"] : [] }

        @Test("where all ports are taken new flows are refused, and those that exist go on")
        func exhaustion() async throws {
            let defaults = "{masquerade-ports: 20000-20001}"
            try await with(file(backend(.ipv4), .ipv4, masquerade: true, defaults: defaults)) {
                let host = "\(Lab.Family.ipv4.vipHost):8000"
                var downloads: [Download] = []
                for _ in 0..<2 {
                    downloads.append(try await Download(lab, length: 300_000, rate: 100_000, from: host))
                }
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost, port: 8000) == .silence)
                #expect(try await lab.dropped("no_port") > 0)
                for download in downloads { #expect(await download.completes()) }
            }
        }
    }
}
