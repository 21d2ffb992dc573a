import Net
import Oracle
import Packets
import TestSupport
import Testing

/// Forwarding by `nat`, byte by byte: to the backend, and back in the VIP's name.
@Suite(.enabled(if: isRoot), .serialized)
struct TranslationTables {
    private static func policy(_ defaults: String = "{}") -> String {
        """
        version: 1
        interfaces: {nic: {}, far: {}}
        defaults: \(defaults)
        services:
          near:
            vips: [192.0.2.10]
            ports: [{port: 443/tcp, target: 8443}, {port: 53/udp, target: 5353}, 80/tcp]
            forward: nat
            backends: {near-4: {address: 10.0.0.11}}
          near6:
            vips: ["2001:db8::10"]
            ports: [{port: 443/tcp, target: 8443}, {port: 53/udp, target: 5353}]
            forward: nat
            backends: {near-6: {address: "2001:db8:ff::11"}}
          far:
            vips: [192.0.2.11]
            ports: [443/tcp]
            forward: nat
            backends: {far-4: {address: 10.0.5.11}}
          own:
            vips: [192.0.2.12]
            ports: [{port: 443/tcp, target: 8443}, {port: 53/udp, target: 5353}]
            forward: nat
            backends: {own-4: {address: 10.0.5.1}}
          own6:
            vips: ["2001:db8::12"]
            ports: [{port: 443/tcp, target: 8443}]
            forward: nat
            backends: {own-6: {address: "2001:db8:fe::1"}}
          lost:
            vips: [192.0.2.13]
            ports: [443/tcp]
            forward: nat
            backends: {lost-4: {address: 10.99.0.1}}
          silent:
            vips: [192.0.2.14]
            ports: [443/tcp]
            forward: nat
            backends: {silent-4: {address: 10.0.0.13}}
          hidden:
            vips: [192.0.2.15]
            ports: [{port: 443/tcp, target: 8443}, {port: 53/udp, target: 5353}]
            forward: nat
            masquerade: true
            backends: {hidden-4: {address: 10.0.0.11}}
          hidden6:
            vips: ["2001:db8::15"]
            ports: [{port: 443/tcp, target: 8443}]
            forward: nat
            masquerade: true
            backends: {hidden-6: {address: "2001:db8:ff::11"}}
        policies:
          all: {from: any, to: [near, near6, far, own, own6, lost, silent, hidden, hidden6]}
        """
    }

    private static let client = "203.0.113.9"
    private static let client6 = "2001:db8:1::9"

    /// As it comes in or leaves, between the hardware addresses of two neighbours.
    private static func frame(_ to: String, _ from: String, _ packet: IPPacket) -> [UInt8] {
        Frame(to: MACAddress(to)!, from: MACAddress(from)!, .ip(packet)).bytes
    }

    private static func routed(_ packet: IPPacket) -> IPPacket {
        switch packet {
        case .v4(var packet):
            packet.timeToLive -= 1
            return .v4(packet)
        case .v6(var packet):
            packet.hopLimit -= 1
            return .v6(packet)
        }
    }

    /// From the router to `nic`.
    private static func arrives(_ packet: IPPacket) -> [UInt8] {
        frame("02:00:00:00:01:01", "02:00:00:00:02:01", packet)
    }
    private static func near(_ packet: IPPacket) -> [UInt8] {
        frame("02:00:00:00:00:11", "02:00:00:00:01:01", routed(packet))
    }
    private static func near6(_ packet: IPPacket) -> [UInt8] {
        frame("02:00:00:00:06:11", "02:00:00:00:01:01", routed(packet))
    }
    /// To the gateway behind `far`, by which clients are reached.
    private static func home(_ packet: IPPacket) -> [UInt8] {
        frame("02:00:00:00:05:fe", "02:00:00:00:05:01", routed(packet))
    }
    private static func home6(_ packet: IPPacket) -> [UInt8] {
        frame("02:00:00:00:07:fe", "02:00:00:00:05:01", routed(packet))
    }
    private static func unresolved(_ packet: IPPacket) -> [UInt8] {
        frame("00:00:00:00:00:00", "00:00:00:00:00:00", routed(packet))
    }

    @Test func cases() throws {
        try KernelNode.with { node in
            try ipv4(on: node)
            try ipv6(on: node)
            try otherWays(on: node)
            try backendOnTheNode(on: node)
            try fragments(on: node)
            try masquerade(on: node)
            try errors(on: node)
        }
    }

    /// On a node of its own: next hops are remembered for a second.
    @Test func waysOfTheKernel() throws {
        try KernelNode.with { node in
            let client = Self.client
            // The interface behind which `far-4` is, and clients are, is none of the file's.
            try node.publish(yaml: Self.policy().replacing(", far: {}}", with: "}"))
            try node.check(
                Case(
                    "through an interface of nobody's", Self.arrives(packet(client, "192.0.2.11", .ack(443))),
                    .redirectResolve, by: "all", for: "far/far-4",
                    out: Self.unresolved(packet(client, "10.0.5.11", .ack(443)))),
                Case(
                    "and back", Self.arrives(packet("10.0.5.11", client, .ack(40000, from: 443))),
                    .redirectReplyResolve,
                    out: Self.unresolved(packet("192.0.2.11", client, .ack(40000, from: 443)))))
        }
    }

    private func ipv4(on node: KernelNode) throws {
        let client = Self.client
        let data: [UInt8] = Array(1...33)
        var bare = UDPDatagram(from: 40000, to: 53, data: data)
        bare.checksum = 0
        var bareOut = UDPDatagram(from: 40000, to: 5353, data: data)
        bareOut.checksum = 0
        let syn = packet(client, "192.0.2.10", .syn(443))
        let answer = packet("10.0.0.11", client, .tcp(40000, [.syn, .ack], from: 8443))
        try node.publish(yaml: Self.policy())
        try node.check(
            Case("an answer to nothing", Self.arrives(answer), .dropDefault, by: "default"),
            Case(
                "SYN", Self.arrives(syn), .txForwarded, by: "all", for: "near/near-4",
                out: Self.near(packet(client, "10.0.0.11", .syn(8443)))),
            Case(
                "SYN, ACK", Self.arrives(answer), .redirectReply,
                out: Self.home(packet("192.0.2.10", client, .tcp(40000, [.syn, .ack], from: 443)))),
            Case(
                "data", Self.arrives(packet(client, "192.0.2.10", .tcp(443, [.psh, .ack]))), .txForwarded, by: "all",
                for: "near/near-4", out: Self.near(packet(client, "10.0.0.11", .tcp(8443, [.psh, .ack])))),
            Case(
                "an answer from another port",
                Self.arrives(packet("10.0.0.11", client, .ack(40000, from: 8444))), .dropDefault, by: "default"),
            Case(
                "an answer to another port",
                Self.arrives(packet("10.0.0.11", client, .ack(40001, from: 8443))), .dropDefault, by: "default"),
            Case(
                "an answer opens nothing",
                Self.arrives(packet("10.0.0.11", client, .syn(40000, from: 8443))), .dropDefault, by: "default"),
            Case(
                "the port stays where no target is", Self.arrives(packet(client, "192.0.2.10", .ack(80))),
                .txForwarded, by: "all", for: "near/near-4", out: Self.near(packet(client, "10.0.0.11", .ack(80)))),
            Case(
                "UDP", Self.arrives(packet(client, "192.0.2.10", .udp(53, data))), .txForwarded, by: "all",
                for: "near/near-4", out: Self.near(packet(client, "10.0.0.11", .udp(5353, data)))),
            Case(
                "UDP answer", Self.arrives(packet("10.0.0.11", client, .udp(40000, from: 5353, data))), .redirectReply,
                out: Self.home(packet("192.0.2.10", client, .udp(40000, from: 53, data)))),
            Case(
                "UDP without a checksum", Self.arrives(packet(client, "192.0.2.10", .udp(bare))), .txForwarded,
                by: "all", for: "near/near-4", out: Self.near(packet(client, "10.0.0.11", .udp(bareOut)))),
            Case(
                "to the service's address on another port",
                Self.arrives(packet(client, "192.0.2.10", .ack(8443))), .dropNoService))
    }

    private func ipv6(on node: KernelNode) throws {
        let client = Self.client6
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "SYN", Self.arrives(packet(client, "2001:db8::10", .syn(443))), .txForwarded, by: "all",
                for: "near6/near-6", out: Self.near6(packet(client, "2001:db8:ff::11", .syn(8443)))),
            Case(
                "SYN, ACK", Self.arrives(packet("2001:db8:ff::11", client, .tcp(40000, [.syn, .ack], from: 8443))),
                .redirectReply, out: Self.home6(packet("2001:db8::10", client, .tcp(40000, [.syn, .ack], from: 443)))),
            Case(
                "UDP", Self.arrives(packet(client, "2001:db8::10", .udp(53))), .txForwarded, by: "all",
                for: "near6/near-6", out: Self.near6(packet(client, "2001:db8:ff::11", .udp(5353)))),
            Case(
                "UDP answer", Self.arrives(packet("2001:db8:ff::11", client, .udp(40000, from: 5353))),
                .redirectReply, out: Self.home6(packet("2001:db8::10", client, .udp(40000, from: 53)))))
    }

    private func otherWays(on node: KernelNode) throws {
        let client = Self.client
        var last = IPv4Packet(from: IPv4Address(0xCB00_7109), to: IPv4Address(0xC000_020A), .ack(443))
        last.timeToLive = 1
        var expired = IPv4Packet(
            from: last.destination, to: last.source,
            .icmp(ICMPMessage(error: 11, code: 0, parameter: 0, quote: Array(last.bytes.prefix(28)))))
        expired.dontFragment = false
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "through another interface", Self.arrives(packet(client, "192.0.2.11", .ack(443))),
                .redirectForwarded, by: "all", for: "far/far-4",
                out: Self.frame(
                    "02:00:00:00:05:11", "02:00:00:00:05:01", Self.routed(packet(client, "10.0.5.11", .ack(443))))),
            Case(
                "no route", Self.arrives(packet(client, "192.0.2.13", .ack(443))), .dropNoRoute, by: "all",
                for: "lost/lost-4"),
            Case(
                "neighbour to be resolved", Self.arrives(packet(client, "192.0.2.14", .ack(443))), .redirectResolve,
                by: "all", for: "silent/silent-4", out: Self.unresolved(packet(client, "10.0.0.13", .ack(443)))),
            Case(
                "last hop", Self.arrives(.v4(last)), .dropHopLimit, by: "all", for: "near/near-4",
                out: Self.frame("02:00:00:00:02:01", "02:00:00:00:01:01", .v4(expired))))
    }

    private func padded(_ packet: IPPacket) -> [UInt8] {
        var frame = Frame(packet)
        frame.trailer = Array(repeating: 0, count: max(0, 60 - frame.bytes.count))
        return frame.bytes
    }

    private func backendOnTheNode(on node: KernelNode) throws {
        let (client, client6) = (Self.client, Self.client6)
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "TCP", Self.arrives(packet(client, "192.0.2.12", .syn(443))), .passForwarded, by: "all",
                for: "own/own-4", out: Self.arrives(packet(client, "10.0.5.1", .syn(8443)))),
            Case(
                "UDP", Self.arrives(packet(client, "192.0.2.12", .udp(53))), .passForwarded, by: "all",
                for: "own/own-4", out: Self.arrives(packet(client, "10.0.5.1", .udp(5353)))),
            Case(
                "IPv6", Self.arrives(packet(client6, "2001:db8::12", .syn(443))), .passForwarded, by: "all",
                for: "own6/own-6", out: Self.arrives(packet(client6, "2001:db8:fe::1", .syn(8443)))),
            Case(
                "nobody answers in the node's name from outside",
                Self.arrives(packet("10.0.5.1", client, .ack(40000, from: 8443))), .dropMalformed))
        let sent = try [
            node.send(padded(packet("10.0.5.1", client, .tcp(40000, [.syn, .ack], from: 8443)))),
            node.send(padded(packet("10.0.5.1", client, .udp(40000, from: 5353)))),
            node.send(padded(packet("2001:db8:fe::1", client6, .tcp(40000, [.syn, .ack], from: 8443)))),
            node.send(padded(packet("10.0.5.1", client, .ack(40000, from: 8444)))),
        ]
        #expect(
            sent == [
                padded(packet("192.0.2.12", client, .tcp(40000, [.syn, .ack], from: 443))),
                padded(packet("192.0.2.12", client, .udp(40000, from: 53))),
                padded(packet("2001:db8::12", client6, .tcp(40000, [.syn, .ack], from: 443))),
                padded(packet("10.0.5.1", client, .ack(40000, from: 8444))),
            ])
        try node.check(
            Case(
                "what the node answered opens nothing", Self.arrives(packet(client, "10.0.5.1", .udp(5353))),
                .dropDefault, by: "default"))
    }

    private func fragments(on node: KernelNode) throws {
        func fragment(_ from: String, _ to: String, _ offset: UInt16, _ payload: Payload) -> IPPacket {
            guard case .v4(var packet) = packet(from, to, payload) else { return packet(from, to, payload) }
            packet.dontFragment = false
            packet.identification = 77
            packet.moreFragments = offset == 0
            packet.fragmentOffset = offset
            return .v4(packet)
        }
        let client = "203.0.113.10"
        let rest = Payload.raw(.udp, Array(repeating: 9, count: 24))
        try node.publish(yaml: Self.policy())
        try node.check(
            Case(
                "first", Self.arrives(fragment(client, "192.0.2.10", 0, .udp(53))), .txForwarded, by: "all",
                for: "near/near-4", out: Self.near(fragment(client, "10.0.0.11", 0, .udp(5353)))),
            Case(
                "later", Self.arrives(fragment(client, "192.0.2.10", 3, rest)), .txForwarded, by: "all",
                for: "near/near-4", out: Self.near(fragment(client, "10.0.0.11", 3, rest))),
            Case(
                "first of the answer", Self.arrives(fragment("10.0.0.11", client, 0, .udp(40000, from: 5353))),
                .redirectReply, out: Self.home(fragment("192.0.2.10", client, 0, .udp(40000, from: 53)))),
            Case(
                "later of the answer", Self.arrives(fragment("10.0.0.11", client, 3, rest)), .redirectReply,
                out: Self.home(fragment("192.0.2.10", client, 3, rest))))
    }

    /// The range has one port, so that it is known.
    private func masquerade(on node: KernelNode) throws {
        let (client, client6) = (Self.client, Self.client6)
        try node.publish(yaml: Self.policy("{masquerade-ports: 20000-20000}"))
        try node.check(
            Case(
                "SYN", Self.arrives(packet(client, "192.0.2.15", .syn(443))), .txForwarded, by: "all",
                for: "hidden/hidden-4", out: Self.near(packet("10.0.0.1", "10.0.0.11", .syn(8443, from: 20000)))),
            Case(
                "SYN, ACK", Self.arrives(packet("10.0.0.11", "10.0.0.1", .tcp(20000, [.syn, .ack], from: 8443))),
                .redirectReply, out: Self.home(packet("192.0.2.15", client, .tcp(40000, [.syn, .ack], from: 443)))),
            Case(
                "another client", Self.arrives(packet("203.0.113.10", "192.0.2.15", .syn(443))), .dropNoPort,
                by: "all", for: "hidden/hidden-4"),
            Case(
                "the first goes on", Self.arrives(packet(client, "192.0.2.15", .ack(443))), .txForwarded, by: "all",
                for: "hidden/hidden-4", out: Self.near(packet("10.0.0.1", "10.0.0.11", .ack(8443, from: 20000)))),
            Case(
                "each of the backend's ports has the whole range",
                Self.arrives(packet(client, "192.0.2.15", .udp(53))), .txForwarded, by: "all", for: "hidden/hidden-4",
                out: Self.near(packet("10.0.0.1", "10.0.0.11", .udp(5353, from: 20000)))),
            Case(
                "IPv6", Self.arrives(packet(client6, "2001:db8::15", .syn(443))), .txForwarded, by: "all",
                for: "hidden6/hidden-6",
                out: Self.near6(packet("2001:db8:ff::1", "2001:db8:ff::11", .syn(8443, from: 20000)))),
            Case(
                "IPv6 answer",
                Self.arrives(packet("2001:db8:ff::11", "2001:db8:ff::1", .tcp(20000, [.syn, .ack], from: 8443))),
                .redirectReply, out: Self.home6(packet("2001:db8::15", client6, .tcp(40000, [.syn, .ack], from: 443)))))
    }

    /// About packets of the flows that the tables above began.
    private func errors(on node: KernelNode) throws {
        let (client, client6, router, router6) = (Self.client, Self.client6, "198.51.100.254", "2001:db8:7::fe")
        func error(_ from: String, about quoted: IPPacket, short: Bool = false) -> IPPacket {
            let quote = short ? quoted.shortQuote : quoted.bytes
            switch quoted {
            case .v4:
                return packet(
                    from, "\(quoted.source)", .icmp(ICMPMessage(error: 3, code: 4, parameter: 1400, quote: quote)))
            case .v6:
                return packet(from, "\(quoted.source)", .icmpv6(ICMPMessage(error: 2, parameter: 1400, quote: quote)))
            }
        }
        let answer = packet("192.0.2.10", client, .ack(40000, from: 443))
        let answered = packet("10.0.0.11", client, .ack(40000, from: 8443))
        let asked = packet(client, "10.0.0.11", .ack(8443))
        let datagram = packet(client, "10.0.0.11", .udp(5353))
        try node.publish(yaml: Self.policy("{masquerade-ports: 20000-20000}"))
        try node.check(
            Case(
                "to the VIP", Self.arrives(error(router, about: answer)), .txForwarded, by: "all", for: "near/near-4",
                out: Self.near(error(router, about: answered))),
            Case(
                "to the VIP, in short", Self.arrives(error(router, about: answer, short: true)), .txForwarded,
                by: "all", for: "near/near-4", out: Self.near(error(router, about: answered, short: true))),
            Case(
                "to the VIP, about no flow",
                Self.arrives(error(router, about: packet("192.0.2.10", client, .ack(40009, from: 443)))), .dropNoFlow,
                by: "all", for: "near"),
            Case(
                "from a router before the backend", Self.arrives(error(router, about: asked)), .redirectReply,
                out: Self.home(error(router, about: packet(client, "192.0.2.10", .ack(443))))),
            Case(
                "from the backend", Self.arrives(error("10.0.0.11", about: datagram)), .redirectReply,
                out: Self.home(error("192.0.2.10", about: packet(client, "192.0.2.10", .udp(53))))),
            Case(
                "IPv6, from the backend",
                Self.arrives(error("2001:db8:ff::11", about: packet(client6, "2001:db8:ff::11", .udp(5353)))),
                .redirectReply,
                out: Self.home6(error("2001:db8::10", about: packet(client6, "2001:db8::10", .udp(53))))),
            Case(
                "IPv6, to the VIP",
                Self.arrives(error(router6, about: packet("2001:db8::10", client6, .ack(40000, from: 443)))),
                .txForwarded, by: "all", for: "near6/near-6",
                out: Self.near6(error(router6, about: packet("2001:db8:ff::11", client6, .ack(40000, from: 8443))))),
            Case(
                "about a masqueraded packet",
                Self.arrives(error(router, about: packet("10.0.0.1", "10.0.0.11", .ack(8443, from: 20000)))),
                .redirectReply, out: Self.home(error(router, about: packet(client, "192.0.2.15", .ack(443))))),
            Case(
                "to the VIP about a masqueraded answer",
                Self.arrives(error(router, about: packet("192.0.2.15", client, .ack(40000, from: 443)))),
                .txForwarded, by: "all", for: "hidden/hidden-4",
                out: Self.near(error(router, about: packet("10.0.0.11", "10.0.0.1", .ack(20000, from: 8443))))))
    }
}
