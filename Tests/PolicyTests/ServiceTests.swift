import Net
import Testing

@testable import Policy

@Suite struct ServiceTests {
    private func service(_ body: String) throws -> Service {
        try #require(
            try parse([SourceFile(name: "f", text: "version: 1\nservices: {s: {\(body)}}\n")]).0.services.first)
    }

    @Test func everyKey() throws {
        let service = try service(
            """
            vips: [192.0.2.10, "2001:db8::10"], ports: [443/tcp, {port: 443/udp}], forward: direct, drain-time: 1h30m,
              scheduler: least-connections, affinity: 3h, backends: {b: {address: 10.0.0.1, weight: 100, mac: "02:00:00:00:00:01"},
              a: {address: "2001:db8::2", weight: 0}}
            """)
        #expect(service.position == Position(file: "f", line: 2, column: 12))
        #expect(service.vips.map(\.description) == ["192.0.2.10", "2001:db8::10"])
        #expect(service.ports.map(\.match) == [TrafficMatch(.tcp, port: 443), TrafficMatch(.udp, port: 443)])
        #expect(service.forward == .direct)
        #expect(service.scheduler == .leastConnections)
        #expect(service.affinity == 10_800)
        #expect(service.drainTime == 5400)
        #expect(service.backends.map(\.name) == ["b", "a"])
        #expect(service.backends.map(\.weight) == [100, 0])
        #expect(service.backends[0].mac == MACAddress("02:00:00:00:00:01"))
    }

    @Test func rangesPrefixesAndSources() throws {
        let text = """
            version: 1
            services:
              s:
                vips: [192.0.2.0/28, 192.0.2.64, 192.0.2.65/32, "2001:db8:10::/64"]
                ports: [80/tcp, 8000-8099/tcp, {port: udp}, sctp, 5060-5061/sctp]
                sources: [office, 10.0.0.0/8, "2001:db8::/32", 192.0.2.7]
                forward: ipip
            identities: {office: {cidrs: [203.0.113.0/24]}}

            """
        let service = try #require(try parse([SourceFile(name: "f", text: text)]).0.services.first)
        #expect(service.vips.map(\.description) == ["192.0.2.64", "192.0.2.65"])
        #expect(service.vipPrefixes.map(\.description) == ["192.0.2.0/28", "2001:db8:10::/64"])
        #expect(
            service.ports.map(\.match) == [
                TrafficMatch(.tcp, port: 80), TrafficMatch(.tcp, 8000...8099), TrafficMatch(.udp), TrafficMatch(.sctp),
                TrafficMatch(.sctp, 5060...5061),
            ])
        let cidrs = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"].compactMap { try? Prefix(parsing: $0) }
        #expect(service.sources == [.identity("office")] + cidrs.map { .cidr($0, except: []) })
    }

    @Test(arguments: [
        ("[]", 75, "error: \"sources\" is empty: leave it out to mean everybody"),
        ("[10.0.0.1/8]", 76, "error: the source \"10.0.0.1/8\" has host bits set: did you mean 10.0.0.0/8?"),
        ("[any]", 76, "error: any is no source: leave sources out to mean everybody"),
        ("[ofice]", 76, "error: there is no identity \"ofice\": did you mean \"office\"?"),
        ("[s]", 76, "error: the service \"s\" cannot be a source: a service opens no connections"),
        ("[office, office]", 84, "warning: this source is in the list twice"),
        ("10.0.0.0/8", 75, "error: \"sources\" must be a list: write [10.0.0.0/8]"),
    ])
    func noSources(sources: String, column: Int, message: String) {
        let text =
            "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, sources: \(sources)}}\n"
            + "identities: {office: {cidrs: [203.0.113.0/24]}}\n"
        #expect(diagnostics(text) == ["f:2:\(column): \(message)"])
    }

    @Test func whatIsNotWritten() throws {
        let service = try service(
            "vips: [192.0.2.10], ports: [443/tcp], forward: ipip, backends: {b: {address: 10.0.0.1}}")
        #expect(service.drainTime == 3600)
        #expect(service.scheduler == .maglev)
        #expect(service.affinity == 0)
        #expect(service.backends[0].weight == 1)
        #expect(service.backends[0].mac == nil)
        #expect(try self.service("vips: [192.0.2.10], ports: [443/tcp], forward: direct").backends.isEmpty)
    }

    @Test(arguments: [("0s", 0), ("90s", 90), ("15m", 900), ("1h", 3600), ("1d2h3m4s", 93784), ("365d", 31_536_000)])
    func durations(text: String, seconds: Int) throws {
        #expect(
            try service("vips: [192.0.2.1], ports: [1/tcp], forward: ipip, drain-time: \(text)").drainTime == seconds)
    }

    @Test(arguments: [
        ("60", "the drain time \"60\" has no unit: write 60s for seconds"),
        ("30m1h", "the drain time \"30m1h\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("1h1h", "the drain time \"1h1h\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("500ms", "the drain time \"500ms\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("-1h", "the drain time \"-1h\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("h", "the drain time \"h\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("1h30", "the drain time \"1h30\" is no duration: write it like 90s, 15m, 1h or 1h30m"),
        ("99999999999999999999s", "the drain time \"99999999999999999999s\" is longer than a year"),
        ("366d", "the drain time \"366d\" is longer than a year"),
    ])
    func noDurations(text: String, message: String) {
        let service =
            "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, drain-time: \(text)}}"
        #expect(diagnostics(service) == ["f:2:78: error: \(message)"])
    }

    @Test(arguments: [
        ("127.0.0.1", "the VIP cannot be the loopback address 127.0.0.1"),
        ("\"::1\"", "the VIP cannot be the loopback address ::1"),
        ("0.0.0.0", "the VIP cannot be the unspecified address 0.0.0.0"),
        ("\"::\"", "the VIP cannot be the unspecified address ::"),
        ("224.0.0.1", "the VIP cannot be the multicast address 224.0.0.1"),
        ("\"ff02::1\"", "the VIP cannot be the multicast address ff02::1"),
        ("255.255.255.255", "the VIP cannot be the broadcast address 255.255.255.255"),
        ("\"::ffff:10.0.0.1\"", "the VIP cannot be the IPv4-mapped address ::ffff:10.0.0.1"),
        ("10.0.0.1/24", "the VIP \"10.0.0.1/24\" has host bits set: did you mean 10.0.0.0/24?"),
        ("0.0.0.0/0", "the VIP cannot be the prefix 0.0.0.0/0 of unspecified addresses"),
        ("127.1.0.0/16", "the VIP cannot be the prefix 127.1.0.0/16 of loopback addresses"),
        ("224.0.0.0/24", "the VIP cannot be the prefix 224.0.0.0/24 of multicast addresses"),
        ("128.0.0.0/1", "the VIP cannot be the prefix 128.0.0.0/1 of multicast addresses"),
        ("\"ff00::/16\"", "the VIP cannot be the prefix ff00::/16 of multicast addresses"),
        ("shop", "the VIP \"shop\" is no address: write it like 192.0.2.1 or \"2001:db8::1\""),
        ("1.2.3", "the VIP \"1.2.3\" is no address: write it like 192.0.2.1 or \"2001:db8::1\""),
        ("", "\"vips\" is empty: a service needs an address"),
    ])
    func addressesThatNoHostHas(vip: String, message: String) {
        let column = vip.isEmpty ? 22 : 23
        #expect(
            diagnostics("version: 1\nservices: {s: {vips: [\(vip)], ports: [1/tcp], forward: ipip}}\n") == [
                "f:2:\(column): error: \(message)"
            ])
    }

    @Test(arguments: [
        ("80", "the port \"80\" has no protocol: write 80/tcp or /udp"),
        ("0/tcp", "\"0/tcp\" is out of range: ports are 1 to 65535"),
        ("65536/tcp", "\"65536/tcp\" is out of range: ports are 1 to 65535"),
        (
            "icmp/8",
            "a service cannot have the port icmp/echo-request: "
                + "use tcp, udp or sctp, alone or with a port or a range, as 443/tcp"
        ),
        (
            "gre",
            "a service cannot have the port gre: use tcp, udp or sctp, alone or with a port or a range, as 443/tcp"
        ),
        ("81-80/tcp", "the range \"81-80/tcp\" ends before it starts"),
        ("{}", "a port of a service needs the key \"port\""),
        ("", "\"ports\" is empty: a service needs a port"),
    ])
    func portsThatNoServiceHas(port: String, message: String) {
        let column = port.isEmpty ? 42 : 43
        #expect(
            diagnostics("version: 1\nservices: {s: {vips: [192.0.2.1], ports: [\(port)], forward: ipip}}\n") == [
                "f:2:\(column): error: \(message)"
            ])
    }

    @Test(arguments: [
        Case.backends(
            "{a: {address: 10.0.0.1}, b: {address: 10.0.0.1}}",
            "f:7:53: error: the address 10.0.0.1 is that of the backend \"a\" already: give it more weight instead"),
        .backends(
            "{a: {address: 10.0.0.1, weight: 65536}, b: {address: 10.0.0.2, weight: -1}}",
            "f:7:47: error: the weight 65536 is out of range: it is 0 to 65535",
            "f:7:86: error: the weight -1 is out of range: it is 0 to 65535"),
        .backends("{a: {address: 10.0.0.1, weight: 65535}}"),
        .backends(
            "{a: {address: 10.0.0.1, weight: \"3\"}}",
            "f:7:47: error: the weight must be a number, this is text: write it without quotes"),
        .backends(
            "{a: {address: 127.0.0.1}}", "f:7:29: error: the address cannot be the loopback address 127.0.0.1"),
        .backends(
            "{a: {address: 10.0.0.1, zone: x}}",
            "f:7:45: error: there is no zone \"x\": zones stand in zones, with the prefixes of their clients"),
        .backends("{a: }", "f:7:16: error: a backend needs the key \"address\""),
        .backends(
            "{a: {address: 10.0.0.1, mac: \"02:00:00:00:00:01\"}}",
            "f:7:44: warning: the MAC is of no use with forward ipip: it is for forward direct, vxlan and geneve"),
        .backends(
            "{a: {adress: 10.0.0.1}}", "f:7:20: error: unknown key \"adress\" in a backend: did you mean \"address\"?"),
        .backends("[10.0.0.1]", "f:7:15: error: \"backends\" must be a mapping from names, this is a list"),
        .backends(""), .backends("{}"),
    ])
    func backends(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: [
        Case.section(
            "services: {s: }\n", "f:2:12: error: a service needs the key \"vips\"",
            "f:2:12: error: a service needs the key \"ports\"", "f:2:12: error: a service needs the key \"forward\""),
        .section(
            "services: {s: {vips: [192.0.2.1, 192.0.2.1], ports: [1/tcp, 1/tcp], forward: ipip}}\n",
            "f:2:34: warning: the VIP 192.0.2.1 is in this list twice",
            "f:2:61: warning: the port 1/tcp is in this list twice"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [{port: 1/tcp, target: 80}], forward: ipip}}\n",
            "f:2:65: error: forward ipip leaves ports as they are: a target is for forward nat"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [{port: 1/tcp, target: 0}], forward: nat}}\n",
            "f:2:65: error: the target 0 is out of range: it is 1 to 65535"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, masquerade: true}}\n",
            "f:2:78: error: masquerade is for forward nat, not for ipip"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: nat, masquerade: 1}}\n",
            "f:2:77: error: masquerade must be true or false, not \"1\""),
        .section(
            "services: {s: {vips: [192.0.2.1, \"2001:db8::1\"], ports: [1/tcp], forward: nat, "
                + "backends: {b: {address: \"2001:db8::2\"}}}}\n",
            "f:2:91: error: the backend \"b\" at 2001:db8::2 cannot serve the VIP 192.0.2.1: "
                + "forward nat does not translate between IPv4 and IPv6: make it two services"),
        .section(
            "defaults: {masquerade-ports: 65535-61000}\n",
            "f:2:30: error: \"65535-61000\" is no range of ports: write it like 61000-65535"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipp}}\n",
            "f:2:60: error: forward cannot be \"ipp\": did you mean \"ipip\"?"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, scheduler: latancy}}\n",
            "f:2:77: error: the scheduler cannot be \"latancy\": did you mean \"latency\"?"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/udp], forward: ipip, scheduler: latency}}\n",
            "f:2:77: warning: latency measures nothing without a tcp port: "
                + "it chooses like least-connections for other protocols"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, affinity: 0s}}\n",
            "f:2:76: error: the affinity is 0: leave it out for none"),
        .section(
            "services:\n  a: {vips: [192.0.2.1], ports: [1/tcp, 1/udp], forward: ipip}\n"
                + "  b: {vips: [192.0.2.2, 192.0.2.1], ports: [2/tcp, 1/udp], forward: ipip}\n",
            "f:4:52: error: 1/udp of 192.0.2.1 belongs to the service \"a\" already: the first is at f:3:41"),
        .section(
            "services: {s: {vips: [192.0.2.1, \"2001:db8::1\"], ports: [1/tcp], forward: direct, "
                + "backends: {b: {address: \"2001:db8::2\"}}}}\n",
            "f:2:23: error: no backend of \"s\" can be reached from the VIP 192.0.2.1: "
                + "forward direct needs backends of the same family; tunnels do not"),
        .section(
            "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, "
                + "backends: {b: {address: \"2001:db8::2\"}}}}\n"),
        .section("services: {s: {vips: [\"2001:db8::1\"], ports: [1/tcp], forward: direct}}\n"),
        .section(
            "identities: {s: {cidrs: [10.0.0.1]}}\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip}}\n",
            "f:3:12: error: the name \"s\" is already taken by an identity: "
                + "identities and services share their names; the first is at f:2:14"),
    ])
    func services(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: ["health"])
    func keysOfLaterVersions(key: String) {
        let text = "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, \(key): 1}}\n"
        #expect(diagnostics(text) == ["f:2:66: error: \"\(key)\" is not supported by this version"])
    }
}

extension Case {
    /// The backends of an `ipip` service; they start in line 7, column 15.
    fileprivate static func backends(_ text: String, _ expected: String...) -> Case {
        let service = "services:\n  s:\n    vips: [192.0.2.1]\n    ports: [1/tcp]\n    forward: ipip\n"
        return Case(text: "version: 1\n" + service + "    backends: \(text)\n", expected: expected)
    }
}
