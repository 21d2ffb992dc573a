import Oracle
import Packets
import TestSupport
import Testing

/// QUIC packets that name their backend, and such that should.
@Suite(.enabled(if: isRoot), .serialized)
struct ConnectionIDTables {
    private static func policy(_ quic: String, _ backends: String) -> String {
        """
        version: 1
        interfaces: {nic: {}}
        services:
          web: {vips: [192.0.2.10], ports: [443/udp, 443/tcp, 8000-8099/udp], forward: direct,
            quic: \(quic), backends: {\(backends)}}
        policies: {all: {from: any, to: any}}
        """
    }

    private static let four = """
        a: {address: 10.0.0.11, quic-id: "0a0b0c01"}, b: {address: 10.0.0.12, quic-id: "0a0b0c02"},
        c: {address: 10.0.5.11, quic-id: "0a0b0c03", weight: 0}, d: {address: "2001:db8:ff::11", quic-id: "0a0b0c04"}
        """

    /// From as many clients as make a choice by hash plain: the backends of all of them.
    private func backends(
        _ node: KernelNode, _ datagram: String, port: UInt16 = 443, clients: Range<UInt16> = 40000..<40040
    ) throws -> Set<String> {
        try Set(
            clients.map { client in
                let payload = Payload.udp(UDPDatagram(from: client, to: port, data: hex(datagram)))
                let frame = Frame(packet("203.0.113.9", "192.0.2.10", payload)).bytes
                let foreseen = Observation(node.expect(frame), frame: frame)
                let observed = try node.observe(frame)
                #expect(observed == foreseen, "\(datagram)")
                return observed.backend ?? "none"
            })
    }

    private static let short = "40 47 0a0b0c02 0102 0000000000000000"  // fixed bit; connection ID; payload

    /// Packets that name `b`, each with one thing changed; `true` where it should name a backend and does not.
    private static let byHash: [(text: String, isUnknown: Bool)] = [
        ("c0 00000001 08 47 0a0b0c02 010203 00 00", false),  // Initial
        ("d0 00000001 08 47 0a0b0c02 010203 00 00", false),  // 0-RTT
        ("d0 6b3343cf 08 47 0a0b0c02 010203 00 00", false),  // version 2: Initial
        ("e0 6b3343cf 08 47 0a0b0c02 010203 00 00", false),  // version 2: 0-RTT
        ("e0 00000000 08 47 0a0b0c02 010203 00 00", false),  // version negotiation
        ("e0 1a2a3a4a 08 47 0a0b0c02 010203 00 00", false),  // a version that the server will not accept
        ("f0 00000001 08 47 0a0b0c02 010203 00 00", true),  // Retry, from a client
        ("c0 6b3343cf 08 47 0a0b0c02 010203 00 00", true),  // version 2: Retry
        ("e0 00000001 07 47 0a0b0c02 010203 00 00", true),  // another length
        ("e0 00000001 09 47 0a0b0c02 010203 00 00", true),
        ("e0 00000001 08 47 0a0b0c02 0102", true),  // ends within the connection ID
        ("e0 00000001", true),  // ends before it
        ("a0 00000001 08 47 0a0b0c02 010203 00 00", true),  // no fixed bit
        ("00 47 0a0b0c02 010203 0000", true),
        ("40 47 0a0b0c02 0102", true),  // one byte short
        ("40", true),
        ("", true),
        ("40 47 0a0b0c05 010203 0000", true),  // nobody's id
        ("40 0a0b0c02 47010203 0000", true),  // at another place
    ]

    @Test func cases() throws {
        try KernelNode.with { node in
            try node.publish(yaml: Self.policy("{id-length: 4}", Self.four))
            #expect(try backends(node, Self.short) == ["b"])
            #expect(try backends(node, "40 ff 0a0b0c01 010203") == ["a"], "nothing behind the connection ID")
            #expect(try backends(node, "40 47 0a0b0c03 010203 00") == ["c"], "a backend that drains keeps its own")
            #expect(try backends(node, "e0 00000001 08 47 0a0b0c02 010203 00 00") == ["b"], "Handshake")
            #expect(try backends(node, "f0 6b3343cf 08 47 0a0b0c02 010203 00 00") == ["b"], "Handshake of version 2")
            #expect(try backends(node, Self.short, port: 8042) == ["b"], "a port of a range")
            #expect(try node.unknownQUIC(0) == [0, 0])

            var unknown: UInt64 = 0
            for (text, isUnknown) in Self.byHash {
                #expect(try backends(node, text) == ["a", "b"] || backends(node, text) == ["a", "b", "d"], "\(text)")
                unknown = try node.unknownQUIC(0)[0]
                #expect(try node.unknownQUIC(0) == [unknown, unknown])
                let again = try backends(node, text, clients: 40000..<40001)
                #expect(again.count == 1)
                #expect(try node.unknownQUIC(0)[0] - unknown == (isUnknown ? 1 : 0), "\(text)")
            }
            try otherPackets(on: node)
            try changes(on: node)
            try forms(on: node)
        }
    }

    /// Fragments, errors and TCP have no connection ID.
    private func otherPackets(on node: KernelNode) throws {
        let before = try node.unknownQUIC(0)
        let datagram = Payload.udp(UDPDatagram(from: 40000, to: 443, data: hex("40 47 0a0b0c05 010203 0000")))
        guard case .v4(var fragment) = packet("203.0.113.9", "192.0.2.10", datagram) else { return }
        fragment.dontFragment = false
        fragment.moreFragments = true
        let answer = packet("192.0.2.10", "203.0.113.9", .udp(UDPDatagram(from: 443, to: 40000, data: hex("40 47"))))
        let error = Payload.icmp(ICMPMessage(error: 3, code: 4, parameter: 1400, quote: answer.bytes.prefix(28)))
        for frame in [
            Frame(.ip(.v4(fragment))), Frame(packet("198.51.100.1", "192.0.2.10", error)),
            Frame(packet("203.0.113.9", "192.0.2.10", .ack(443))),
        ] {
            let foreseen = Observation(node.expect(frame.bytes), frame: frame.bytes)
            #expect(try node.observe(frame.bytes) == foreseen)
            #expect(foreseen.service == "web")
        }
        #expect(try node.unknownQUIC(0) == before)
    }

    /// Ids stay with their backends; one that goes takes its own along.
    private func changes(on node: KernelNode) throws {
        try node.publish(
            yaml: Self.policy(
                "{id-length: 4}", #"b: {address: 10.0.0.12, quic-id: "0a0b0c02"}, e: {address: 10.0.0.13}"#))
        #expect(try backends(node, Self.short) == ["b"])
        #expect(try backends(node, "40 47 0a0b0c01 010203") == ["b", "e"])
        try node.publish(yaml: Self.policy("{id-length: 4}", #"b: {address: 10.0.0.11, quic-id: "0a0b0c07"}"#))
        #expect(try backends(node, "40 47 0a0b0c07 010203") == ["b"])
    }

    private func forms(on node: KernelNode) throws {
        let two = #"a: {address: 10.0.0.11, quic-id: "01"}, b: {address: 10.0.0.12, quic-id: "00"}"#
        try node.publish(yaml: Self.policy("{id-offset: 0, id-length: 1, cid-length: 1}", two))
        #expect(try backends(node, "40 01") == ["a"])
        #expect(try backends(node, "40 00") == ["b"])
        #expect(try backends(node, "40 02") == ["a", "b"])
        let long = """
            a: {address: 10.0.0.11, quic-id: "0102030405060708"}, b: {address: 10.0.0.12, quic-id: "f102030405060708"}
            """
        try node.publish(yaml: Self.policy("{id-offset: 12, id-length: 8, cid-length: 20}", long))
        #expect(try backends(node, "40 000000000000000000000000 f102030405060708") == ["b"])
        #expect(try backends(node, "40 000000000000000000000000 0102030405060708 00") == ["a"])
        #expect(try backends(node, "40 000000000000000000000000 01020304050607") == ["a", "b"])
    }
}
