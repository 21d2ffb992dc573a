import Foundation
import Testing

extension LabSuite {
    @Suite("Publishing")
    struct Publish {
        let lab = Lab.current

        /// Two files that both let the office use the service, and agree in little else.
        private var files: [NodeFile] {
            var first = NodeFile(ports: ["80/tcp", "7/udp"])
            first.policies = ["office: {from: [office], to: [shop]}"]
            first.backends[0].2 = 300
            var second = first
            second.backends[0].2 = 100
            second.backends[2].2 = 300
            second.policies = [
                "world: {from: world, to: shop, ports: [443/tcp]}",
                "early: {from: [{cidr: 10.0.0.0/28}, {cidr: \"2001:db8::/123\"}], to: any, priority: 7}",
                "guests: {from: [{cidr: 10.0.0.192/26}, {cidr: \"2001:db8::200/120\"}], to: any, action: deny}",
            ]
            return [first, second]
        }

        /// Who answers each flow while one file stands.
        private func owners(_ family: Lab.Family, _ file: NodeFile) async throws -> [String: String] {
            try await lab.apply(file)
            let asker = try await lab.datagrams(to: family.vip, flows: 64)
            try await Task.sleep(for: .milliseconds(300))
            let report = try await asker.report()
            try #require(report.asked > 0 && report.lost == 0)
            return try report.servers.mapValues { try #require($0.count == 1 ? $0[0] : nil, "\($0)") }
        }

        @Test("nothing is lost and nothing strays over five hundred publishes", arguments: Lab.Family.allCases)
        func underTraffic(_ family: Lab.Family) async throws {
            let backends: [Lab.Host] = [.backend1, .backend2, .backend3]
            var servers: [Program] = []
            defer { servers.forEach { $0.signal(SIGKILL) } }
            for backend in backends { servers.append(try await lab.datagramServer(on: backend, at: family.vip)) }

            try await lab.withNode(files[0]) { () async throws in
                let before = try await owners(family, files[0])
                #expect(try await owners(family, files[1]) == before, "flows that are known stay")

                let allowed = try await lab.datagrams(to: family.vip, flows: 64)
                let denied = try await lab.datagrams(to: family.vip, flows: 64, from: .client2)
                let download = try await Download(lab, length: 9_000_000, rate: 60_000, from: family.vipHost)
                async let published: Void = Publishing.alternate(files, times: 500, on: lab)
                let load = Task { [lab] in
                    var requests = 0
                    while !Task.isCancelled { requests += try await lab.requests(200, to: family.vipHost).count }
                    return requests
                }
                try await published
                load.cancel()
                #expect(try await load.value > 0)

                let report = try await allowed.report()
                #expect(report.lost == 0, "of \(report.asked)")
                for (port, servers) in report.servers {
                    #expect(servers == [before[port]], "port \(port)")
                }
                let refused = try await denied.report()
                #expect(refused.asked > 0 && refused.lost == refused.asked)
                let received = download.received
                #expect(try await eventually { download.received > received }, "from \(download.server)")
                download.cancel()
            }
        }
    }
}
