import Net
import Oracle
import Packets
import Plan
import Policy
import Testing

/// Datagrams that name their backend.
@Suite struct QUICTests {
    private static func oracle() -> Oracle {
        Fixture.oracle {
            $0.services[0].quic = Service.QUIC()
            $0.services[0].backends[0].quicID = [1, 2, 3, 4]
            $0.services[0].backends[1].quicID = [1, 2, 3, 5]
            $0.services[0].backends[1].draining = true
        }
    }

    private func backend(_ oracle: inout Oracle, _ data: [UInt8]) -> String? {
        let datagram = Payload.udp(UDPDatagram(from: 4000, to: 443, data: data))
        return oracle.judge(packet("203.0.113.9", "192.0.2.10", datagram)).backend?.name
    }

    @Test func names() {
        var oracle = Self.oracle()
        let cid: [UInt8] = [7, 1, 2, 3, 5, 9, 9, 9]
        #expect(backend(&oracle, [0x40] + cid) == "shop-2")
        #expect(backend(&oracle, [0xE0, 0, 0, 0, 1, 8] + cid + [0]) == "shop-2")
        #expect(backend(&oracle, [0xC0, 0, 0, 0, 1, 8] + cid + [0]) == "shop-1")
        #expect(oracle.unknownQUIC.isEmpty)
        #expect(backend(&oracle, [0x40] + cid.dropLast()) == "shop-1")
        #expect(backend(&oracle, [0x00] + cid) == "shop-1")
        #expect(backend(&oracle, [0x40, 7, 1, 2, 3, 6, 9, 9, 9]) == "shop-1")
        #expect(oracle.unknownQUIC == [0: 3])
    }

    /// A connection ID in a TCP segment is none.
    @Test func onlyDatagrams() {
        var oracle = Self.oracle()
        let segment = Payload.tcp(TCPSegment(from: 4000, to: 443, .ack, data: [0x40, 7, 1, 2, 3, 5, 9, 9, 9]))
        #expect(oracle.judge(packet("203.0.113.9", "192.0.2.10", segment)).backend?.name == "shop-1")
        #expect(oracle.unknownQUIC.isEmpty)
    }
}
