import Net
import Testing

@Suite struct PrefixTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8", "10.255.255.255"), ("0.0.0.0/0", "0.0.0.0/0", "255.255.255.255"),
        ("192.0.2.1", "192.0.2.1/32", "192.0.2.1"), ("192.0.2.1/32", "192.0.2.1/32", "192.0.2.1"),
        ("128.0.0.0/1", "128.0.0.0/1", "255.255.255.255"),
        ("::/0", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::/32", "2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::/64", "2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff"),
        ("2001:db8::/65", "2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff"), ("::1", "::1/128", "::1"),
        ("2001:db8::/127", "2001:db8::/127", "2001:db8::1"),
    ])
    func parses(_ text: String, _ canonical: String, _ last: String) throws {
        let prefix = try Prefix(parsing: text)
        #expect(prefix.description == canonical)
        #expect(prefix.last.description == last)
        #expect(prefix.contains(prefix.address) && prefix.contains(prefix.last) && prefix.contains(prefix))
    }

    @Test(arguments: [
        ("", Prefix.ParseError.malformed), ("x", .malformed), ("x/8", .malformed), ("/8", .malformed),
        ("10.0.0/8", .malformed),
        ("10.0.0.0/", .length), ("10.0.0.0/33", .length), ("10.0.0.0/-1", .length), ("10.0.0.0/+8", .length),
        ("10.0.0.0/x", .length), ("10.0.0.0/8/8", .length), ("::/129", .length), ("10.0.0.0/08", .length),
        ("::/000", .length), ("10.0.0.0/ 8", .length),
    ])
    func refuses(_ text: String, _ error: Prefix.ParseError) {
        #expect(throws: error) { try Prefix(parsing: text) }
    }

    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0/8"), ("192.0.2.1/31", "192.0.2.0/31"), ("1.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::1/64", "2001:db8::/64"), ("2001:db8:0:1::/32", "2001:db8::/32"), ("::1/0", "::/0"),
    ])
    func saysWhatHostBitsMeant(_ text: String, _ meant: String) throws {
        let meant = try Prefix(parsing: meant)
        #expect(throws: Prefix.ParseError.hostBits(meant: meant)) { try Prefix(parsing: text) }
    }

    @Test func contains() throws {
        let wide = try Prefix(parsing: "10.0.0.0/8"), narrow = try Prefix(parsing: "10.1.0.0/16")
        let other = try Prefix(parsing: "::/0"), sibling = try Prefix(parsing: "11.0.0.0/8")
        #expect(wide.contains(narrow) && !narrow.contains(wide))
        #expect(!wide.contains(other) && !other.contains(wide) && !wide.contains(sibling))
        #expect(try !wide.contains(#require(IPAddress("11.0.0.0"))) && other.contains(#require(IPAddress("::1"))))
        #expect(try !other.contains(#require(IPAddress("10.0.0.1"))))
    }

    /// Every length of both families, by the meaning of a prefix: the first bits are equal.
    @Test(arguments: ["170.85.170.85", "aaaa:5555:aaaa:5555:aaaa:5555:aaaa:5555"]) func everyLength(_ text: String)
        throws
    {
        let address = try #require(IPAddress(text))
        let bits = { (address: IPAddress) in
            address.bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        }
        for length in 0...address.family.bits {
            let prefix = try #require(Prefix(masking: address, length: length))
            #expect(bits(prefix.address).prefix(length) == bits(address).prefix(length))
            #expect(bits(prefix.address).dropFirst(length).allSatisfy { $0 == 0 })
            #expect(bits(prefix.last).prefix(length) == bits(address).prefix(length))
            #expect(bits(prefix.last).dropFirst(length).allSatisfy { $0 == 1 })
            #expect(try Prefix(parsing: prefix.description) == prefix)
        }
        #expect(Prefix(masking: address, length: address.family.bits + 1) == nil)
        #expect(Prefix(masking: address, length: -1) == nil)
    }

    @Test func order() throws {
        let sorted = [
            "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32", "10.0.0.1/32", "::/0", "::/128", "::1/128",
        ]
        #expect(try sorted.reversed().map { try Prefix(parsing: $0) }.sorted().map(\.description) == sorted)
    }
}
