import Glibc
import Net
import Node
import Plan
import Testing

@Suite struct NodeTests {
    @Test func loopbackIsKnown() throws {
        let facts = try NodeFacts.gather()
        let loopback = try #require(facts.links.first { $0.name == "lo" })
        #expect(loopback.index == if_nametoindex("lo"))
        #expect(loopback.mtu >= 1280)
        #expect(loopback.mac == nil)
        #expect(loopback.addresses.contains(.v4(IPv4Address(0x7F00_0001))))
    }

    @Test func linksAreInTheOrderOfTheirIndices() throws {
        let indices = try NodeFacts.gather().links.map(\.index)
        #expect(indices == indices.sorted())
        #expect(Set(indices).count == indices.count)
    }

    /// The kernel sends to an address of its own from that address, so every family's answer is known beforehand. Two
    /// of a family show that the first answer does not stick to the socket.
    @Test func routeSourcesFollowTheDestination() throws {
        let own = try NodeFacts.gather().links.flatMap(\.addresses)
        // Addresses with a zone (link-local) have no route without their link.
        let destinations =
            own.filter { address in
                guard case .v6(let v6) = address else { return true }
                return !v6.isLinkLocal
            } + [.v4(IPv4Address(0x7F01_0203))]
        let sources = try NodeFacts.gather(tunnelDestinations: destinations).routeSources
        for destination in destinations where destination != .v4(IPv4Address(0x7F01_0203)) {
            #expect(sources[destination] == destination)
        }
        #expect(sources[.v4(IPv4Address(0x7F01_0203))] != nil)
    }

    @Test func addressesThatCannotBeReachedHaveNoSource() throws {
        // Without a route this is ENETUNREACH, with one EACCES: the socket did not ask for broadcasts.
        let unroutable = try #require(IPAddress("255.255.255.255"))
        let sources = try NodeFacts.gather(tunnelDestinations: [unroutable]).routeSources
        #expect(sources[unroutable] == nil)
    }

    @Test func theClockIsTheBootClock() throws {
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        let seconds = NodeFacts.monotonicSeconds()
        var after = timespec()
        clock_gettime(CLOCK_MONOTONIC, &after)
        #expect((UInt64(before.tv_sec)...UInt64(after.tv_sec)).contains(seconds))
    }
}
