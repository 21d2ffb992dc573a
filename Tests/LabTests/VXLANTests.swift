import Testing

extension LabSuite {
    /// Against the kernel's own device on a backend, which takes no frame for another MAC address and, over IPv6, no
    /// datagram without a checksum.
    @Suite("VXLAN")
    struct VXLAN {
        let lab = Lab.current

        /// Two services on one backend, each in a virtual network of its own.
        private static func file(_ outer: Lab.Family, second: String = "6000") -> String {
            let backend = outer == .ipv4 ? "10.0.1.1" : "2001:db8:2::1"
            return """
                version: 1
                interfaces: {eth0: {mode: native}}
                services:
                  first:
                    vips: [192.0.2.10]
                    ports: [80/tcp]
                    forward: vxlan
                    vni: 5000
                    backends: {b: {address: "\(backend)"}}
                  second:
                    vips: ["2001:db8::10"]
                    ports: [80/tcp]
                    forward: vxlan
                    vni: \(second)
                    backends: {b: {address: "\(backend)"}}
                policies:
                  all: {from: any, to: [first, second]}
                """
        }

        /// Takes nothing off itself.
        private static let backendFile = """
            version: 1
            interfaces: {eth0: }
            policies:
              tunnels: {from: any, to: node, ports: [4789/udp]}
            """

        private func withDevices(_ outer: Lab.Family, _ body: () async throws -> Void) async throws {
            // 02:00 and the address: of 10.0.1.1 all, of 2001:db8:2::1 the last four bytes.
            let (local, mac) =
                outer == .ipv4 ? ("10.0.1.1", "02:00:0a:00:01:01") : ("2001:db8:2::1", "02:00:00:00:00:01")
            for network in ["5000", "6000"] {
                try await lab.run(
                    on: .backend1,
                    [
                        "ip", "link", "add", "vxlan\(network)", "up", "address", mac, "type", "vxlan", "id", network,
                        "dstport", "4789", "local", local,
                    ])
                try await lab.run(on: .backend1, ["sysctl", "-qw", "net.ipv4.conf.vxlan\(network).rp_filter=0"])
            }
            let backend = try TemporaryFile(Self.backendFile)
            try await lab.sluice("apply", backend.path, on: .backend1)
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            for network in ["5000", "6000"] {
                try await lab.run(on: .backend1, ["ip", "link", "delete", "vxlan\(network)"])
            }
            let restored = try TemporaryFile(LabTests.backendFile)
            try await lab.sluice("apply", restored.path, on: .backend1)
            try await lab.sluice("down")
            try result.get()
        }

        private func apply(_ text: String) async throws {
            let file = try TemporaryFile(text)
            try await lab.sluice("apply", file.path)
        }

        private func received(_ network: String) async throws -> Int {
            let path = "/sys/class/net/vxlan\(network)/statistics/rx_packets"
            // Of the namespace that reads it.
            let text = try await lab.run(
                on: .backend1, ["unshare", "--mount", "sh", "-c", "mount -t sysfs sysfs /sys && cat \(path)"])
            return try #require(Int(text.trimmingPrefix(while: \.isWhitespace).prefix { $0.isNumber }))
        }

        @Test("the kernel's device takes what is sent, and networks do not mix", arguments: Lab.Family.allCases)
        func networks(_ outer: Lab.Family) async throws {
            try await withDevices(outer) {
                try await apply(Self.file(outer))
                try await lab.transfer(to: Lab.Family.ipv4.vipHost)
                let (first, second) = (try await received("5000"), try await received("6000"))
                #expect(first > 1000)
                #expect(second == 0)
                try await lab.transfer(to: Lab.Family.ipv6.vipHost)
                #expect(try await received("6000") > 1000)
                #expect(try await received("5000") == first)

                // A network that nobody on the backend is in.
                try await apply(Self.file(outer, second: "7000"))
                #expect(try await lab.connect(to: Lab.Family.ipv6.vipHost) == .silence)
                #expect(try await lab.connect(to: Lab.Family.ipv4.vipHost) == .answered)
            }
        }
    }
}
