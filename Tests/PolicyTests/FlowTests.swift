import Net
import Testing

@testable import Policy

@Suite struct FlowTests {
    @Test(
        arguments: [
            ("10.0.0.1", "192.0.2.10:443/tcp", nil, IPProtocol.tcp, 443),
            ("10.0.0.1:1024", "192.0.2.10:0/udp", 1024, .udp, 0),
            ("10.0.0.1:0", "192.0.2.10:65535/sctp", 0, .sctp, 65535),
            ("2001:db8::1", "[2001:db8::10]:443/udp", nil, .udp, 443),
            ("[2001:db8::1]:53", "[2001:db8::10]:443/udp", 53, .udp, 443),
            ("10.0.0.1", "10.0.0.2/icmp/echo-request", nil, .icmp, 0x0800),
            ("10.0.0.1", "10.0.0.2/icmp/3/4", nil, .icmp, 0x0304),
            ("10.0.0.1", "10.0.0.2/icmp/destination-unreachable/4", nil, .icmp, 0x0304),
            ("2001:db8::1", "[2001:db8::2]/icmpv6/echo-request", nil, .icmpv6, 0x8000),
            ("2001:db8::1", "2001:db8::2/icmpv6/128", nil, .icmpv6, 0x8000),
            ("10.0.0.1", "10.0.0.2/ip/47", nil, .gre, 0),
            ("10.0.0.1", "10.0.0.2/esp", nil, .esp, 0),
            // Impossible sources are the data path's to answer.
            ("127.0.0.1", "224.0.0.1/ip/253", nil, IPProtocol(253), 0),
            ("::ffff:10.0.0.1", "[2001:db8::10]:1/tcp", nil, .tcp, 1),
        ] as [(String, String, UInt16?, IPProtocol, UInt16)])
    func flows(from: String, to: String, sourcePort: UInt16?, ipProtocol: IPProtocol, selector: UInt16) throws {
        let flow = try Flow(from: from, to: to)
        #expect(flow.sourcePort == sourcePort)
        #expect(flow.ipProtocol == ipProtocol)
        #expect(flow.selector == selector)
        #expect(try Flow(from: flow.from, to: flow.to) == flow)
    }

    @Test(arguments: [
        ("10.0.0.1", "192.0.2.1", "to", "\"192.0.2.1\" has no protocol: append one, as in 192.0.2.1:443/tcp"),
        ("10.0.0.1", "192.0.2.1:80", "to", "\"192.0.2.1:80\" has no protocol: append one, as in 192.0.2.1:80/tcp"),
        ("10.0.0.1", "192.0.2.1/tcp", "to", "tcp needs a port: write it like 192.0.2.1:443/tcp"),
        ("10.0.0.1", "192.0.2.1/ip/17", "to", "udp needs a port: write it like 192.0.2.1:443/udp"),
        ("10.0.0.1", "192.0.2.1/443/tcp", "to", "tcp needs a port: write it like 192.0.2.1:443/tcp"),
        ("10.0.0.1", "192.0.2.1:80/icmp/8", "to", "icmp has no ports: leave the port out"),
        ("10.0.0.1", "192.0.2.1/icmp", "to", "icmp needs a type: write it like icmp/echo-request"),
        ("10.0.0.1", "192.0.2.1/icmpv6/1", "to", "192.0.2.1 does not speak icmpv6: use icmp"),
        ("::1", "[::2]/icmp/8", "to", "::2 does not speak icmp: use icmpv6"),
        ("::1", "2001:db8::1:80/tcp", "to", "tcp needs a port: write it like [2001:db8::1:80]:443/tcp"),
        ("::1", "192.0.2.1:80/tcp", "to", "::1 cannot send to 192.0.2.1: both must be IPv4, or both IPv6"),
        ("10.0.0.1", "192.0.2.1:80/tpc", "to", "unknown protocol \"tpc\": did you mean tcp?"),
        ("10.0.0.1", "shop:80/tcp", "to", "\"shop:80\" is no address: write it like 10.0.0.1 or 2001:db8::1"),
        ("10.0.0.1", "", "to", "\"\" is no address: write it like 10.0.0.1 or 2001:db8::1"),
        ("10.0.0.1", "192.0.2.1:65536/tcp", "to", "\"65536\" is no port: ports are 0 to 65535"),
        ("10.0.0.1:", "192.0.2.1:1/tcp", "from", "\"\" is no port: ports are 0 to 65535"),
        ("10.0.0.1:99999", "192.0.2.1:1/tcp", "from", "\"99999\" is no port: ports are 0 to 65535"),
        ("10.0.0.1:5", "192.0.2.1/icmp/8", "from", "icmp has no ports: leave the source's port out"),
        (
            "10.0.0.0/8", "192.0.2.1:1/tcp", "from",
            "\"10.0.0.0/8\" is no address: write it like 10.0.0.1 or 2001:db8::1"
        ),
        ("[10.0.0.1]:5", "192.0.2.1:1/tcp", "from", "\"[10.0.0.1]:5\" is no IPv6 address in brackets"),
        ("[::1", "[::2]:1/tcp", "from", "\"[::1\" is no IPv6 address in brackets"),
        ("[::1]5", "[::2]:1/tcp", "from", "unexpected \"5\" after the address"),
    ])
    func noFlows(from: String, to: String, part: String, message: String) {
        let error = #expect(throws: FlowSyntaxError.self) { try Flow(from: from, to: to) }
        #expect(error?.part == (part == "from" ? .from : .to))
        #expect(error?.description == message)
    }

    @Test func testsOfTheFile() throws {
        let text = """
            version: 1
            tests:
              - {from: 203.0.113.9, to: "192.0.2.10:443/tcp", expect: allow}
              - from: 203.0.113.9
                to: 192.0.2.10/icmp/echo-request
                expect: deny
            """
        let tests = try parse([SourceFile(name: "f", text: text)]).0.tests
        #expect(tests.map(\.flow.to) == ["192.0.2.10:443/tcp", "192.0.2.10/icmp/echo-request"])
        #expect(tests.map(\.expect) == [.allow, .deny])
        #expect(
            tests.map(\.position) == [
                Position(file: "f", line: 3, column: 5), Position(file: "f", line: 4, column: 5),
            ])
    }

    @Test(arguments: [
        Case.section(
            "tests: [{from: x, to: \"192.0.2.1:1/tcp\", expect: allow}]\n",
            "f:2:16: error: \"x\" is no address: write it like 10.0.0.1 or 2001:db8::1"),
        .section(
            "tests: [{from: 10.0.0.1, to: \"192.0.2.1:1\", expect: maybe}]\n",
            "f:2:30: error: \"192.0.2.1:1\" has no protocol: append one, as in 192.0.2.1:1/tcp",
            "f:2:53: error: the expectation cannot be \"maybe\": use allow or deny"),
        .section(
            "tests: [{}]\n", "f:2:9: error: a test needs the key \"from\"", "f:2:9: error: a test needs the key \"to\"",
            "f:2:9: error: a test needs the key \"expect\""),
        .section(
            "tests: [10.0.0.1]\n",
            "f:2:9: error: a test must be a mapping, this is a single value: its keys are from, to, expect"),
    ])
    func mistakes(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }
}
