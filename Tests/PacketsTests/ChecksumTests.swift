import Net
import Testing

@testable import Packets

@Suite struct ChecksumTests {
    @Test func sumsAsTheExampleOfRFC1071() {
        #expect(InternetChecksum.of(hex("00 01 f2 03 f4 f5 f6 f7")) == ~0xDDF2)
    }

    @Test func oddBytesAreHighHalves() {
        #expect(InternetChecksum.of([0x12]) == InternetChecksum.of([0x12, 0]))
        var pieces = InternetChecksum()
        for byte in hex("00 01 f2 03 f4 f5 f6 f7") { pieces.add([byte]) }
        #expect(pieces.value == ~0xDDF2)
    }

    /// The examples of RFC 1624, section 4: equation 3 gives 0 where full summing does.
    @Test func updatesAsTheExampleOfRFC1624() {
        #expect(InternetChecksum.updated(0xDD2F, from: 0x5555, to: 0x3285) == 0)
    }

    @Test func updateAgreesWithSummingAnew() {
        var random = SplitMix64(seed: 0x5EED)
        for _ in 0..<1000 {
            var bytes = random.bytes(40)
            let before = InternetChecksum.of(bytes)
            let old = bytes[...].big16(8)
            let new: UInt16 = random.number()
            bytes.store(big: new, at: 8)
            #expect(InternetChecksum.updated(before, from: old, to: new) == InternetChecksum.of(bytes))
        }
    }

    /// The check value that catalogues of CRCs give for CRC-32C.
    @Test func crc32c() { #expect(CRC32C.of("123456789".utf8) == 0xE306_9283) }
}
