import Net
import Oracle
import Testing

@Suite struct FlowHashTests {
    /// Computed by the C that the data path uses.
    @Test(
        arguments: [
            ("198.51.100.7", 40000, "192.0.2.10", 443, 6, 0xCAC1_9EC2, 799),
            ("203.0.113.9", 1, "192.0.2.10", 65535, 17, 0xE618_C8D2, 906),
            ("0.0.0.0", 0, "255.255.255.255", 0, 47, 0xB15F_828E, 699),
            ("2001:db8:1::7", 40000, "2001:db8::10", 443, 6, 0x1019_2F20, 63),
            ("fe80::1", 5353, "ff02::2", 5353, 17, 0x2078_FD15, 127),
            ("::", 0, "::1", 0, 0, 0xD3B8_5DAA, 834),
        ] as [(String, UInt16, String, UInt16, UInt8, UInt32, Int)])
    func knownValues(
        _ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16, _ number: UInt8,
        _ hash: UInt32, _ of1009: Int
    ) {
        let found = FlowHash.of(
            from: Fixture.address(source), port: sourcePort, to: Fixture.address(destination), port: destinationPort,
            IPProtocol(number))
        #expect(found == hash)
        #expect(FlowHash.scale(found, to: 1009) == of1009)
    }

    @Test func scalesToTheWholeRange() {
        #expect(FlowHash.scale(0, to: 1009) == 0)
        #expect(FlowHash.scale(.max, to: 1009) == 1008)
        #expect(FlowHash.scale(.max, to: 1) == 0)
    }
}
