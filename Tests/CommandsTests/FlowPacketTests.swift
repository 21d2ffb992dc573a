import Net
import Packets
import Policy
import Testing

@testable import Commands

/// The packets that stand for flows in `explain` and in tests must be beyond reproach: parsed again, nothing in them
/// deviates from what the headers should say.
@Suite struct FlowPacketTests {
    private func payload(_ from: String, _ to: String) throws -> Payload {
        let flow = try Flow(from: from, to: to)
        let frame = try #require(Frame(bytes: Frame(flow.firstPacket).bytes))
        guard case .ip(let packet) = frame.content else {
            Issue.record("no IP packet: \(frame)")
            return .raw(.tcp, [])
        }
        #expect(packet.source == flow.source)
        #expect(packet.destination == flow.destination)
        #expect(packet == flow.firstPacket)
        #expect(!frame.description.contains("!"), "\(frame)")
        return packet.payload
    }

    @Test(arguments: [("10.0.0.1", "10.0.0.2:443/tcp"), ("2001:db8::1", "[2001:db8::2]:443/tcp")])
    func tcpOpensAConnection(_ from: String, _ to: String) throws {
        guard case .tcp(let segment) = try payload(from, to) else { throw WrongPayload() }
        #expect(segment.flags == .syn)
        #expect(segment.destinationPort == 443)
        #expect(segment.sourcePort == 49152)
    }

    @Test func theSourcePortIsTheFlows() throws {
        guard case .udp(let datagram) = try payload("10.0.0.1:5353", "10.0.0.2:53/udp") else { throw WrongPayload() }
        #expect(datagram.sourcePort == 5353)
        #expect(datagram.destinationPort == 53)
    }

    @Test func sctpBeginsWithInit() throws {
        guard case .sctp(let packet) = try payload("10.0.0.1", "10.0.0.2:132/sctp") else { throw WrongPayload() }
        #expect(packet.verificationTag == 0)
        #expect(packet.chunks.first == 1)
        #expect(packet.chunks.count == 20)
    }

    @Test func echoHasItsTypeAndCode() throws {
        guard case .icmp(let request) = try payload("10.0.0.1", "10.0.0.2/icmp/echo-request") else {
            throw WrongPayload()
        }
        #expect((request.type, request.code) == (8, 0))
        guard case .icmpv6(let reply) = try payload("2001:db8::1", "[2001:db8::2]/icmpv6/echo-reply") else {
            throw WrongPayload()
        }
        #expect((reply.type, reply.code) == (129, 0))
    }

    /// An error's receiver must find a packet of its own in it.
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.2/icmp/destination-unreachable/4"), ("2001:db8::1", "[2001:db8::2]/icmpv6/packet-too-big"),
    ])
    func errorsQuoteWhatTheReceiverSent(_ from: String, _ to: String) throws {
        let message: ICMPMessage
        switch try payload(from, to) {
        case .icmp(let error), .icmpv6(let error): message = error
        default: throw WrongPayload()
        }
        let receiver = try Flow(from: from, to: to).destination.bytes
        let source = receiver.count == 4 ? 12 : 8
        #expect(Array(message.rest.dropFirst(4 + source).prefix(receiver.count)) == receiver)
    }

    @Test func neighbourDiscoveryHasCrossedNoRouter() throws {
        let flow = try Flow(from: "fe80::1", to: "[fe80::2]/icmpv6/nd-neighbor-solicit")
        guard case .v6(let packet) = flow.firstPacket else { throw WrongPayload() }
        #expect(packet.hopLimit == 255)
    }

    @Test func otherProtocolsAreNamedByTheirNumber() throws {
        #expect(try payload("10.0.0.1", "10.0.0.2/ip/89").ipProtocol == IPProtocol(89))
        #expect(try payload("10.0.0.1", "10.0.0.2/gre").ipProtocol == .gre)
    }

    private struct WrongPayload: Error {}
}
