import Net
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("0.0.0.0", UInt32(0)), ("192.0.2.10", 0xC000_020A), ("255.255.255.255", .max), ("1.2.3.4", 0x0102_0304),
    ])
    func v4(_ text: String, _ value: UInt32) {
        #expect(IPv4Address(text) == IPv4Address(value))
        #expect(IPv4Address(value).description == text)
        #expect(IPAddress(text)?.family == .v4)
        #expect(IPAddress(bytes: IPv4Address(value).bytes) == .v4(IPv4Address(value)))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.00", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ",
        " 1.2.3.4", "1.2.3.-4", "1.2.3.+4", "0x1.2.3.4", "1.2.3.4/32", "1.2.3.١", "1.2.3.1000",
    ])
    func notV4(_ text: String) { #expect(IPv4Address(text) == nil) }

    /// Text as people write it, and the canonical form of RFC 5952.
    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::A", "2001:db8::a"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("0:0:1::", "0:0:1::"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::ffff:102:304", "::ffff:1.2.3.4"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("::1.2.3.4", "::102:304"), ("ff02::fb", "ff02::fb"),
    ])
    func v6(_ text: String, _ canonical: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == canonical)
        #expect(IPv6Address(canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == .v6(address))
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1::2::3", "12345::", "g::", "1:", ":1", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "::1.2.3", "1.2.3.4::",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4", "fe80::1%eth0", "[::1]", "::1/128", "::+1", "::-1", "::1 ", "1.2.3.4", ": :",
    ])
    func notV6(_ text: String) { #expect(IPv6Address(text) == nil) }

    @Test func textSurvives() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed
        for _ in 0..<2000 {
            // Groups of zeros are what the canonical form is about.
            var halves: [UInt64] = []
            for _ in 0..<2 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let mask = (0..<4).reduce(UInt64(0)) { $0 << 16 | (state >> (40 + $1) & 1 == 0 ? 0 : 0xFFFF) }
                halves.append(state & mask)
            }
            let address = IPv6Address(high: halves[0], low: halves[1])
            #expect(IPv6Address(address.description) == address, "seed \(seed): \(address)")
            #expect(!address.description.contains(":::"))
        }
    }

    @Test func kinds() throws {
        let v4 = { (text: String) in try #require(IPv4Address(text)) }
        let v6 = { (text: String) in try #require(IPv6Address(text)) }
        #expect(try v4("224.0.0.0").isMulticast && v4("239.255.255.255").isMulticast)
        #expect(try !v4("223.255.255.255").isMulticast && !v4("240.0.0.0").isMulticast)
        #expect(try v4("127.0.0.0").isLoopback && v4("127.255.255.255").isLoopback && !v4("128.0.0.0").isLoopback)
        #expect(try v4("255.255.255.255").isLimitedBroadcast && !v4("255.255.255.254").isLimitedBroadcast)
        #expect(try v6("::").isUnspecified && !v6("::1").isUnspecified)
        #expect(try v6("::1").isLoopback && !v6("::").isLoopback && !v6("1::1").isLoopback)
        #expect(try v6("ff00::").isMulticast && !v6("fe80::1").isMulticast)
        #expect(try v6("fe80::1").isLinkLocal && v6("febf::1").isLinkLocal && !v6("fec0::1").isLinkLocal)
        #expect(try v6("::ffff:1.2.3.4").isV4Mapped && !v6("::1.2.3.4").isV4Mapped && !v6("::fffe:1.2.3.4").isV4Mapped)
    }

    @Test func order() {
        let sorted = ["0.0.0.1", "9.0.0.0", "10.0.0.0", "::", "::2", "::10", "1::"]
        let addresses = sorted.compactMap { IPAddress($0) }
        #expect(addresses.count == sorted.count)
        #expect(addresses.reversed().sorted().map(\.description) == sorted)
    }

    @Test func noOtherNumberOfBytes() {
        for count in [0, 3, 5, 15, 17] { #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil) }
    }
}

@Suite struct MACAddressTests {
    @Test(arguments: [
        ("02:00:00:00:00:0a", "02:00:00:00:00:0a"), ("02-AB-cd-00-00-0A", "02:ab:cd:00:00:0a"),
    ])
    func parses(_ text: String, _ canonical: String) throws {
        let address = try #require(MACAddress(text))
        #expect(address.description == canonical)
        #expect(MACAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "02:00:00:00:00", "02:00:00:00:00:0a:0b", "2:0:0:0:0:a", "02:00:00:00:00:0g", "02:00-00:00:00:0a",
        "+2:00:00:00:00:0a",
        "02000000000a", "02:00:00:00:00:", "-2:00:00:00:00:0a",
    ])
    func refuses(_ text: String) { #expect(MACAddress(text) == nil) }

    @Test func kinds() {
        #expect(MACAddress(octets: (1, 0, 0, 0, 0, 0)).isMulticast)
        #expect(!MACAddress(octets: (2, 0, 0, 0, 0, 0)).isMulticast)
        #expect(MACAddress(octets: (0, 0, 0, 0, 0, 0)).isZero && !MACAddress(octets: (0, 0, 0, 0, 0, 1)).isZero)
        #expect(MACAddress(bytes: [1, 2, 3, 4, 5]) == nil)
    }
}
