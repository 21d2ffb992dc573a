import Oracle
import Packets
import TestSupport
import Testing

/// What keeps links and the node's own addresses working passes under a policy that allows nothing.
@Suite(.enabled(if: isRoot), .serialized)
struct UpkeepTables {
    private static let policy = """
        version: 1
        interfaces: {nic: {}}
        services:
          shop: {vips: [192.0.2.10, "2001:db8::10"], ports: [443/tcp], forward: ipip}
        """
    private static let body = String(repeating: "00", count: 46)
    private static let station = "020000000101 020000000201"

    @Test func cases() throws {
        try KernelNode.with { node in
            try links(on: node)
            try neighbourDiscovery(on: node)
            try addressConfiguration(on: node)
        }
    }

    private func links(on node: KernelNode) throws {
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("ARP", hex("ffffffffffff 020000000201 0806 \(Self.body)"), .passUpkeep),
            Case("ARP in a VLAN", hex("ffffffffffff 020000000201 8100 0064 0806 \(Self.body)"), .passUpkeep),
            Case("LLDP", hex("0180c200000e 020000000201 88cc \(Self.body)"), .passUpkeep),
            Case("LACP", hex("0180c2000002 020000000201 8809 \(Self.body)"), .passUpkeep),
            Case("EAPOL", hex("0180c2000003 020000000201 888e \(Self.body)"), .passUpkeep),
            Case("spanning tree", hex("0180c2000000 020000000201 0026 424203 \(Self.body)"), .passUpkeep),
            Case("last of the bridge groups", hex("0180c200000f 020000000201 05ff \(Self.body)"), .passUpkeep),
            Case("behind the bridge groups", hex("0180c2000010 020000000201 0026 \(Self.body)"), .dropNotIP),
            Case("802.3 to a station", hex("\(Self.station) 0026 \(Self.body)"), .dropNotIP),
            Case("no length", hex("0180c2000000 020000000201 0600 \(Self.body)"), .dropNotIP),
            Case("reverse ARP", hex("ffffffffffff 020000000201 8035 \(Self.body)"), .dropNotIP),
            Case("MPLS", hex("\(Self.station) 8847 \(Self.body)"), .dropNotIP),
            Case("PPPoE", hex("\(Self.station) 8864 \(Self.body)"), .dropNotIP))
    }

    private func neighbourDiscovery(on node: KernelNode) throws {
        let fields = String(repeating: "00", count: 20)
        func message(_ type: String, from source: String, to destination: String) -> [UInt8] {
            hex("\(Self.station) 86dd 60000000 0018 3a ff \(source) \(destination) \(type) 00 0000 \(fields)")
        }
        let (local, group) = ("fe800000000000000000000000000099", "ff020000000000000000000000000001")
        let (nobody, own) = (String(repeating: "00", count: 16), "20010db800ff00000000000000000001")
        try node.publish(yaml: Self.policy)
        for type in ["85", "86", "87", "88", "89"] {
            try node.check(Case("type 0x\(type)", message(type, from: local, to: group), .passUpkeep))
        }
        try node.check(
            Case("duplicate address detection", message("87", from: nobody, to: group), .passUpkeep),
            Case("a neighbour claims our address", message("88", from: own, to: group), .passUpkeep),
            Case("about a VIP", message("87", from: local, to: "20010db8000000000000000000000010"), .passUpkeep),
            Case("type 0x84", message("84", from: local, to: group), .dropDefault, by: "default"),
            Case("type 0x8a", message("8a", from: local, to: group), .dropDefault, by: "default"))
    }

    private func addressConfiguration(on node: KernelNode) throws {
        let (offer, advertise): (Payload, Payload) = (.udp(68, from: 67), .udp(546, from: 547))
        try node.publish(yaml: Self.policy)
        try node.check(
            Case("DHCP to everyone", packet("10.0.0.254", "255.255.255.255", offer), .passUpkeep),
            Case("DHCP to the node", packet("10.0.0.254", "10.0.0.1", offer), .passUpkeep),
            Case("DHCPv6", packet("fe80::99", "fe80::1", advertise), .passUpkeep),
            Case(
                "DHCP of the other family", packet("10.0.0.254", "10.0.0.1", advertise), .dropDefault, by: "default"
            ),
            Case(
                "a client's request", packet("0.0.0.0", "255.255.255.255", .udp(67, from: 68)), .dropDefault,
                by: "default"),
            Case(
                "over TCP", packet("10.0.0.254", "10.0.0.1", .syn(68, from: 67)), .dropDefault, by: "default"))
    }
}
