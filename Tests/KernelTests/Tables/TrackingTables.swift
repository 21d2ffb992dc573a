import Net
import Oracle
import Packets
import TestSupport
import Testing

/// Flows that the node opens: their answers get in under a policy that allows nothing, and nothing else does.
@Suite(.enabled(if: isRoot), .serialized)
struct TrackingTables {
    private static func policy(_ rules: String = "{}") -> String {
        """
        version: 1
        interfaces: {nic: {}}
        services:
          shop:
            vips: [192.0.2.10]
            ports: [443/tcp]
            forward: direct
            backends: {one: {address: 10.0.0.11}}
        policies:
          \(rules)
        """
    }

    private static let (peer, node) = ("203.0.113.9", "10.0.0.1")
    private static let (peer6, node6) = ("2001:db8:1::9", "2001:db8:ff::1")

    /// The node sends a packet; frames on a link are not shorter than sixty bytes.
    private func send(_ packet: IPPacket, from node: KernelNode) throws {
        var frame = Frame(packet)
        frame.trailer = Array(repeating: 0, count: max(0, 60 - frame.bytes.count))
        try node.send(frame.bytes)
    }

    private static func from(_ payload: Payload, peer other: String = peer) -> IPPacket { packet(other, node, payload) }

    /// A router's word about a packet that the node sent.
    private static func error(_ quoted: IPPacket, type: UInt8 = 3) -> IPPacket {
        packet("198.51.100.254", node, .icmp(ICMPMessage(error: type, code: 1, quote: quoted.shortQuote)))
    }

    @Test func cases() throws {
        try KernelNode.with { node in
            try tcp(on: node)
            try datagrams(on: node)
            try echo(on: node)
            try revocation(on: node)
        }
    }

    private func tcp(on node: KernelNode) throws {
        let opening = packet(Self.node, Self.peer, .syn(443, from: 50000))
        let answer = Payload.tcp(50000, [.syn, .ack], from: 443)
        try node.publish(yaml: Self.policy())
        try node.check(
            Case("unsolicited", Self.from(answer), .dropDefault, by: "default"),
            Case("error about nothing", Self.error(opening), .dropDefault, by: "default"))
        try send(opening, from: node)
        try node.check(
            Case("error while it opens", Self.error(opening), .passReply),
            Case("answer", Self.from(answer), .passReply),
            Case("data", Self.from(.ack(50000, from: 443)), .passReply),
            Case("a SYN is no answer", Self.from(.syn(50000, from: 443)), .dropDefault, by: "default"),
            Case("to another port", Self.from(.ack(50001, from: 443)), .dropDefault, by: "default"),
            Case("from another port", Self.from(.ack(50000, from: 444)), .dropDefault, by: "default"),
            Case(
                "from another peer", Self.from(.ack(50000, from: 443), peer: "203.0.113.10"), .dropDefault,
                by: "default"),
            Case("by another protocol", Self.from(.udp(50000, from: 443)), .dropDefault, by: "default"),
            Case("error about it", Self.error(opening, type: 11), .passReply),
            Case(
                "error about another",
                Self.error(packet(Self.node, Self.peer, .syn(443, from: 50001))), .dropDefault, by: "default"),
            Case(
                "error about the other direction", Self.error(Self.from(answer)), .dropDefault, by: "default"),
            Case("reset", Self.from(.tcp(50000, .rst, from: 443)), .passReply),
            Case("the last packets", Self.from(.ack(50000, from: 443)), .passReply))

        // The node's answer to a connection that a peer opened opens none.
        try send(packet(Self.node, Self.peer, .tcp(40000, [.syn, .ack], from: 22)), from: node)
        try node.check(Case("answered", Self.from(.ack(22)), .dropDefault, by: "default"))
    }

    private func datagrams(on node: KernelNode) throws {
        let question = packet(Self.node, Self.peer, .udp(53, from: 50000))
        try node.publish(yaml: Self.policy())
        try node.check(Case("unsolicited", Self.from(.udp(50000, from: 53)), .dropDefault, by: "default"))
        try send(question, from: node)
        try send(packet(Self.node6, Self.peer6, .udp(53, from: 50000)), from: node)
        try send(packet(Self.node, Self.peer, .raw(IPProtocol(47), Array(repeating: 0, count: 40))), from: node)
        try node.check(
            Case("answer", Self.from(.udp(50000, from: 53)), .passReply),
            Case("from another port", Self.from(.udp(50000, from: 54)), .dropDefault, by: "default"),
            Case("error about it", Self.error(question), .passReply),
            Case("IPv6", packet(Self.peer6, Self.node6, .udp(50000, from: 53)), .passReply),
            Case("GRE", Self.from(.raw(IPProtocol(47), [0, 0, 8, 0])), .passReply),
            Case("ESP", Self.from(.raw(IPProtocol(50), [0, 0, 8, 0])), .dropDefault, by: "default"))
    }

    private func echo(on node: KernelNode) throws {
        let request = packet(Self.node, Self.peer, .ping(8, 7))
        try node.publish(yaml: Self.policy())
        try node.check(Case("unsolicited", Self.from(.ping(0, 7)), .dropDefault, by: "default"))
        try send(request, from: node)
        try send(packet(Self.node6, Self.peer6, .ping6(128, 7)), from: node)
        try node.check(
            Case("answer", Self.from(.ping(0, 7)), .passReply),
            Case("with another identifier", Self.from(.ping(0, 8)), .dropDefault, by: "default"),
            Case("a request is no answer", Self.from(.ping(8, 7)), .dropDefault, by: "default"),
            Case("error about it", Self.error(request), .passReply),
            Case("IPv6", packet(Self.peer6, Self.node6, .ping6(129, 7)), .passReply),
            Case(
                "IPv6 with another identifier", packet(Self.peer6, Self.node6, .ping6(129, 8)), .dropDefault,
                by: "default"))
    }

    /// A rule that is taken out cuts what it let in at the next packet, though the node has answered.
    private func revocation(on node: KernelNode) throws {
        let rules = "in: {from: {cidr: 203.0.113.9}, to: [node, shop], ports: [22/tcp, 53/udp, 443/tcp]}"
        let served = packet(Self.peer, "192.0.2.10", .ack(443))
        try node.publish(yaml: Self.policy(rules))
        try node.check(
            Case("TCP", Self.from(.syn(22)), .passAllowed, by: "in"),
            Case("UDP", Self.from(.udp(53)), .passAllowed, by: "in"),
            Case(
                "service", Frame(served).bytes, .txForwarded, by: "in", for: "shop/one",
                out: hex("020000000011 020000000101 0800") + served.bytes))
        try send(packet(Self.node, Self.peer, .tcp(40000, [.syn, .ack], from: 22)), from: node)
        try send(packet(Self.node, Self.peer, .udp(40000, from: 53)), from: node)
        try node.check(
            Case("established TCP", Self.from(.ack(22)), .passAllowed, by: "in"),
            Case("established UDP", Self.from(.udp(53)), .passAllowed, by: "in"))

        try node.publish(yaml: Self.policy())
        try node.check(
            Case("TCP, revoked", Self.from(.ack(22)), .dropDefault, by: "default"),
            Case("UDP, revoked", Self.from(.udp(53)), .dropDefault, by: "default"),
            Case("service, revoked", served, .dropDefault, by: "default", for: "shop"))
    }
}
