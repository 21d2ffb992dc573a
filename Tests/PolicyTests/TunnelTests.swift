import Net
import Testing

@testable import Policy

/// What services say of the tunnels that they send through.
@Suite struct TunnelTests {
    private static func service(_ rest: String, _ expected: String...) -> Case {
        Case(
            text: "version: 1\nservices:\n  s:\n    vips: [192.0.2.1, \"2001:db8::1\"]\n    ports: [1/tcp]\n"
                + rest.split(separator: "|").map { "    \($0)\n" }.joined(), expected: expected)
    }

    @Test(arguments: [
        service("forward: gue"), service("forward: gue|port: 6666"), service("forward: vxlan|vni: 0"),
        service("forward: geneve|vni: 16777215|port: 1|mtu: 1400"), service("forward: direct|mtu: 1280"),
        service(
            "forward: vxlan",
            "f:3:3: error: forward vxlan needs the key \"vni\": "
                + "it is the number of the virtual network, 0 to 16777215"),
        service(
            "forward: geneve|vni: 16777216",
            "f:7:10: error: the VNI 16777216 is out of range: it is 0 to 16777215"),
        service(
            "forward: gue|vni: 5",
            "f:7:10: warning: the VNI is of no use with forward gue: it is for vxlan and geneve"),
        service(
            "forward: ipip|port: 5",
            "f:7:11: warning: the port is of no use with forward ipip: it is the tunnel's, of gue, vxlan and geneve; "
                + "ports of the service stand under ports"),
        service("forward: gue|port: 0", "f:7:11: error: the port 0 is out of range: it is 1 to 65535"),
        service("forward: gue|mtu: 575", "f:7:10: error: the MTU 575 is out of range: it is 576 to 65534"),
        service(
            "forward: vxlan|vni: 1|mtu: 1349|backends: {b: {address: \"2001:db8::2\"}}",
            "f:8:10: warning: an MTU of 1349 leaves less than 1280 bytes for packets of IPv6: "
                + "no sender makes them smaller; 1350 is enough"),
        service("forward: vxlan|vni: 1|mtu: 1350|backends: {b: {address: \"2001:db8::2\"}}"),
        service("forward: vxlan|vni: 1|backends: {b: {address: 10.0.0.1, mac: \"02:00:00:00:00:01\"}}"),
        service(
            "forward: gue|backends: {b: {address: 10.0.0.1, mac: \"02:00:00:00:00:01\"}}",
            "f:7:44: warning: the MAC is of no use with forward gue: it is for forward direct, vxlan and geneve"),
    ])
    func keys(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test(arguments: zip(["gue", "vxlan", "geneve"], [6080 as UInt16, 4789, 6081]))
    func standardPorts(method: String, port: UInt16) throws {
        let text =
            "version: 1\ninterfaces: {e: {decapsulate: [\(method)]}}\n"
            + "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: \(method), vni: 5}}\n"
        let document = try parse([SourceFile(name: "f", text: text)]).0
        #expect(document.services[0].tunnelPort == port)
        #expect(document.services[0].vni == (method == "gue" ? 0 : 5))
        #expect(document.interfaces[0].decapsulate.map(\.port) == [port])
    }

    @Test func whatIsWritten() throws {
        let text = "version: 1\ninterfaces: {e: {decapsulate: [gue, vxlan: {port: 8472, vnis: [9, 7]}, geneve: ]}}\n"
        let document = try parse([SourceFile(name: "f", text: text)]).0
        #expect(
            document.interfaces[0].decapsulate == [
                Decapsulation(.gue), Decapsulation(.vxlan, port: 8472, vnis: [7, 9]), Decapsulation(.geneve),
            ])
    }
}
