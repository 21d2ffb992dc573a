import Net
import Testing

@testable import Policy

@Suite struct InterfaceTests {
    @Test func everyKey() throws {
        let text = """
            version: 1
            interfaces:
              eth0:
              eth1: {mode: native, next-hop: 02-00-00-00-00-01, decapsulate: [ipip], tunnel-source: 10.0.0.1}
              eth2: {mode: generic, next-hop: auto, tunnel-source: ["2001:db8::1", 10.0.0.1]}
            defaults: {ingress: allow, egress: allow, echo: reply, local-clients: all, client-cgroup: /a.slice/b}
            """
        let document = try parse([SourceFile(name: "f", text: text)]).0
        var eth0 = Interface(name: "eth0", position: Position(file: "f", line: 3, column: 3))
        #expect(document.interfaces[0] == eth0)
        eth0.position.line = 4
        eth0.name = "eth1"
        eth0.mode = .native
        eth0.nextHop = .fixed(try #require(MACAddress("02:00:00:00:00:01")))
        eth0.decapsulate = [.ipip]
        eth0.tunnelSources = [try #require(IPAddress("10.0.0.1"))]
        #expect(document.interfaces[1] == eth0)
        #expect(document.interfaces[2].mode == .generic)
        #expect(document.interfaces[2].tunnelSources.map(\.description) == ["2001:db8::1", "10.0.0.1"])
        #expect(document.defaults.ingress == .allow)
        #expect(document.defaults.echoReply)
        #expect(document.defaults.clients == .all)
        #expect(document.defaults.clientGroup == "/a.slice/b")
    }

    @Test func whatIsNotWrittenIsClosed() throws {
        let document = try parse([SourceFile(name: "f", text: "version: 1\ndefaults: {echo: drop}\n")]).0
        #expect(document.defaults.ingress == .deny)
        #expect(!document.defaults.echoReply)
        #expect(document.defaults.clients == .node)
        #expect(document.defaults.clientGroup == nil)
    }

    @Test(arguments: [
        Case.section(
            "interfaces: {e: {mode: nativ}}\n",
            "f:2:24: error: the mode cannot be \"nativ\": did you mean \"native\"?"),
        .section(
            "interfaces: {e: {mode: fast}}\n", "f:2:24: error: the mode cannot be \"fast\": use auto, native, generic"),
        .section(
            "interfaces: {e: {next-hop: ff:ff:ff:ff:ff:ff}}\n",
            "f:2:28: error: the next hop cannot be the multicast address ff:ff:ff:ff:ff:ff: "
                + "use the address of one interface"),
        .section(
            "interfaces: {e: {next-hop: 00:00:00:00:00:00}}\n",
            "f:2:28: error: the next hop cannot be the zero address 00:00:00:00:00:00: use the address of one interface"
        ),
        .section(
            "interfaces: {e: {next-hop: 10.0.0.1}}\n",
            "f:2:28: error: the next hop \"10.0.0.1\" is no MAC address: write it like 02:00:00:00:00:01"),
        .section(
            "interfaces: {e: {decapsulate: [gue, foo, ipip, ipip]}}\n",
            "f:2:37: error: the encapsulation cannot be \"foo\": use ipip, gue, vxlan, geneve",
            "f:2:48: warning: ipip is in this list twice"),
        .section(
            "interfaces: {e: {decapsulate: [vxlan, vxlan: {port: 8472}, gue: {port: 4789}, ipip: {port: 1}]}}\n",
            "f:2:39: error: vxlan is in this list already, and otherwise: one port each; list all VNIs together",
            "f:2:60: error: gue cannot have the port 4789, which is that of vxlan",
            "f:2:92: error: ipip has no port: only gue, vxlan and geneve have one"),
        .section(
            "interfaces: {e: {decapsulate: [{gue: {vnis: [1]}}, {vxlan: {vnis: [5, 5, 16777216]}}]}}\n",
            "f:2:45: error: gue has no VNIs: only vxlan and geneve have them",
            "f:2:71: warning: the VNI 5 is in this list twice",
            "f:2:74: error: the VNI 16777216 is out of range: it is 0 to 16777215"),
        .section(
            "interfaces: {e: {decapsulate: [{gue: , vxlan: }, {geneve: {vnis: []}}]}}\n",
            "f:2:32: error: one encapsulation to an item: write - vxlan: {vnis: [5000]}",
            "f:2:66: error: \"vnis\" is empty: leave it out to take packets of every virtual network"),
        .section(
            "interfaces: {e: {decapsulate: ipip}}\n", "f:2:31: error: \"decapsulate\" must be a list: write [ipip]"),
        .section(
            "interfaces: {e: {tunnel-source: [10.0.0.1, 10.0.0.2]}}\n",
            "f:2:44: error: a second tunnel source of the same family: give at most one IPv4 and one IPv6"),
        .section(
            "interfaces: {e: {tunnel-source: 224.0.0.1}}\n",
            "f:2:33: error: the tunnel source cannot be the multicast address 224.0.0.1"),
        .section(
            "interfaces: {e: {mtu: 3}}\n",
            "f:2:18: error: unknown key \"mtu\" in an interface: "
                + "its keys are mode, next-hop, decapsulate, tunnel-source"
        ),
        .section("interfaces: {averylongname15: {}}\n"),
        .section(
            "interfaces: {averylongname-16: {}}\n",
            "f:2:14: error: the interface name \"averylongname-16\" must have 1 to 15 characters"),
        .section(
            "interfaces: {a/b: {}}\n",
            "f:2:14: error: \"a/b\" cannot be an interface name: no spaces, slashes and colons; "
                + "`ip link` lists the names of this machine"),
        .section(
            "interfaces: {a b: {}}\n",
            "f:2:14: error: \"a b\" cannot be an interface name: no spaces, slashes and colons; "
                + "`ip link` lists the names of this machine"),
        .section(
            "interfaces: {e: eth0}\n",
            "f:2:17: error: an interface must be a mapping, this is a single value: "
                + "its keys are mode, next-hop, decapsulate, tunnel-source"),
        .section(
            "defaults: {ingress: alow}\n",
            "f:2:21: error: the default for ingress cannot be \"alow\": did you mean \"allow\"?"),
        .section("defaults: {egress: allow}\n"),
        .section(
            "defaults: {idle: {tcp: 0s, ucp: 5m}, new-flows: 0}\n",
            "f:2:24: error: the idle time of tcp is 0: a flow would be forgotten between two packets",
            "f:2:28: error: unknown key \"ucp\" in idle times: did you mean \"tcp\"?",
            "f:2:49: error: the number of new flows 0 is out of range: it is 1 to 1000000000"),
        .section(
            "defaults: {egress: deny}\n",
            "f:2:20: error: egress \"deny\" is not supported by this version: use allow, or leave it out"),
        .section(
            "defaults: {local-clients: nobody}\n",
            "f:2:27: error: local-clients cannot be \"nobody\": use node, all, none"),
        .section("defaults: {client-cgroup: /}\n"),
        .section(
            "defaults: {client-cgroup: system.slice}\n",
            "f:2:27: error: \"system.slice\" is not the name of a control group: write it as /proc/PID/cgroup does, "
                + "from the root of cgroup v2: /system.slice"),
        .section(
            "defaults: {client-cgroup: /a/../b}\n",
            "f:2:27: error: \"/a/../b\" is not the name of a control group: write it as /proc/PID/cgroup does, "
                + "from the root of cgroup v2: /system.slice"),
        .section("defaults: {echo: yes}\n", "f:2:18: error: echo cannot be \"yes\": use reply or drop"),
    ])
    func mistakes(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }
}
