import Net
import Plan
import Policy
import Testing

@Suite struct TunnelSourceTests {
    private func source(
        to address: String, interfaces: [String] = ["eth0"], written: [String] = [], routes: [String: String] = [:],
        vip: String = "192.0.2.10", forward: Service.Forward = .ipip
    ) throws -> IPAddress? {
        var service = try service("shop", vip: vip, [backend("b", address, line: 22)])
        service.forward = forward
        var document = document(interfaces: interfaces, services: [service])
        if !written.isEmpty {
            document.interfaces[document.interfaces.endIndex - 1].tunnelSources = try written.map(ip)
        }
        return try compile(document, facts: facts(routes: routes)).service("shop").backend("b").tunnelSource
    }

    @Test func comesFromTheFileElseTheRouteElseTheFirstInterface() throws {
        let routes = ["10.1.0.1": "10.9.0.1", "2001:db8:1::1": "2001:db8::1"]
        #expect(try source(to: "10.1.0.1", written: ["10.0.0.77"], routes: routes) == ip("10.0.0.77"))
        #expect(try source(to: "10.1.0.1", written: ["2001:db8::77"], routes: routes) == ip("10.9.0.1"))
        #expect(try source(to: "10.1.0.1", interfaces: ["eth0", "eth1"], written: ["10.9.0.7"]) == ip("10.9.0.7"))
        #expect(try source(to: "10.1.0.2", routes: routes) == ip("10.0.0.1"))
        #expect(try source(to: "10.1.0.2", interfaces: ["eth1", "eth0"]) == ip("10.9.0.1"))
    }

    @Test func isNeitherLinkLocalNorAVIP() throws {
        #expect(try source(to: "2001:db8:1::1") == ip("2001:db8::1"))
        #expect(throws: PlanError.self) { try source(to: "10.1.0.1", vip: "10.0.0.1") }
    }

    @Test func directNeedsNone() throws {
        #expect(try source(to: "2001:db8:1::1", interfaces: ["eth1"], forward: .direct) == nil)
    }

    @Test func isMissedOncePerFamily() throws {
        let error = try #require(throws: PlanError.self) {
            try compile(
                document(
                    interfaces: ["eth1"],
                    services: [
                        service("a", [backend("x", "2001:db8:1::1", line: 21), backend("y", "2001:db8:1::2")]),
                        service("b", [backend("x", "2001:db8:1::1"), backend("y", "10.1.0.1")]),
                    ]),
                facts: facts())
        }
        #expect(
            error.description
                == "test.yaml:21:1: error: interface eth1 has no IPv6 address to send tunnels from"
                + ": give it one, or write its tunnel-source")
    }

    @Test func needsAnInterface() throws {
        let error = try #require(throws: PlanError.self) { try source(to: "10.1.0.1", interfaces: []) }
        #expect(error.diagnostics.map(\.what) == ["there is no interface to send tunnels from"])
        let missing = try #require(throws: PlanError.self) { try source(to: "10.1.0.1", interfaces: ["eht0"]) }
        #expect(missing.diagnostics.map(\.what) == ["there is no interface \"eht0\""])
    }
}
