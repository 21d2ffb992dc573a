import Net
import Testing

@Suite struct TrafficTests {
    @Test(arguments: [
        (TrafficMatch(.tcp, port: 443), "443/tcp"), (TrafficMatch(.udp, 8000...8099), "8000-8099/udp"),
        (TrafficMatch(.tcp), "tcp"), (TrafficMatch(.sctp, port: 132), "132/sctp"), (TrafficMatch(.icmp), "icmp"),
        (TrafficMatch(.icmp, icmpType: 8), "icmp/echo-request"),
        (TrafficMatch(.icmp, icmpType: 3, code: 4), "icmp/destination-unreachable/4"),
        (TrafficMatch(.icmp, icmpType: 0), "icmp/echo-reply"),
        (TrafficMatch(.icmp, icmpType: 0, code: 0), "icmp/echo-reply/0"),
        (TrafficMatch(.icmpv6, icmpType: 128), "icmpv6/echo-request"),
        (TrafficMatch(.icmpv6, icmpType: 255), "icmpv6/255"),
        (TrafficMatch(.icmpv6, icmpType: 255, code: 255), "icmpv6/255/255"), (TrafficMatch(.gre), "gre"),
        (TrafficMatch(IPProtocol(89)), "ip/89"), (TrafficMatch(.udp, 0...1), "0-1/udp"),
    ])
    func prints(_ match: TrafficMatch, _ text: String) { #expect(match.description == text) }

    @Test func contains() {
        let web = TrafficMatch(.tcp, 80...443)
        #expect(web.contains(.tcp, 80) && web.contains(.tcp, 443))
        #expect(!web.contains(.tcp, 79) && !web.contains(.tcp, 444) && !web.contains(.udp, 80))
        let unreachable = TrafficMatch(.icmp, icmpType: 3)
        #expect(unreachable.contains(.icmp, 0x0300) && unreachable.contains(.icmp, 0x03FF))
        #expect(!unreachable.contains(.icmp, 0x02FF) && !unreachable.contains(.icmp, 0x0400))
        #expect(TrafficMatch(.gre).contains(.gre, 0))
    }

    @Test func overlaps() {
        let web = TrafficMatch(.tcp, 80...443)
        #expect(web.overlaps(TrafficMatch(.tcp, 443...500)) && web.overlaps(TrafficMatch(.tcp)))
        #expect(!web.overlaps(TrafficMatch(.tcp, 444...500)) && !web.overlaps(TrafficMatch(.udp, 80...443)))
    }

    @Test(arguments: [
        ("tcp", UInt8(6)), ("udp", 17), ("icmp", 1), ("icmpv6", 58), ("gre", 47), ("esp", 50), ("ah", 51),
        ("sctp", 132),
    ])
    func protocolNames(_ name: String, _ number: UInt8) {
        #expect(IPProtocol(name: name) == IPProtocol(number))
        #expect(IPProtocol(number).description == name)
        #expect(IPProtocol.knownNames.contains(name))
    }

    @Test func otherProtocols() {
        #expect(IPProtocol(4).description == "ip/4")
        #expect(IPProtocol(name: "ip/4") == nil && IPProtocol(name: "TCP") == nil)
        #expect((0...255).filter { IPProtocol(UInt8($0)).hasPorts } == [6, 17, 132])
        #expect((0...255).filter { IPProtocol(UInt8($0)).isICMP } == [1, 58])
    }

    @Test(arguments: [IPProtocol.icmp, .icmpv6]) func icmpNames(_ ipProtocol: IPProtocol) throws {
        let names = ICMPType.names(ipProtocol)
        #expect(Set(names).count == names.count && !names.isEmpty)
        for name in names {
            let number = try #require(ICMPType.number(of: name, ipProtocol))
            // Of two names for a number one is printed.
            let printed = try #require(ICMPType.name(of: number, ipProtocol))
            #expect(ICMPType.number(of: printed, ipProtocol) == number)
        }
        #expect(ICMPType.number(of: "echo", ipProtocol) == nil)
        #expect(ICMPType.name(of: 200, ipProtocol) == nil)
    }

    @Test func icmpNumbers() {
        #expect(ICMPType.number(of: "echo-request", .icmp) == 8)
        #expect(ICMPType.number(of: "echo-request", .icmpv6) == 128)
        #expect(ICMPType.number(of: "packet-too-big", .icmp) == nil)
        #expect(ICMPType.name(of: 3, .icmpv6) == "time-exceeded")
        #expect(ICMPType.names(.tcp).isEmpty && ICMPType.name(of: 8, .tcp) == nil)
    }
}
