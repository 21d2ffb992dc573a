import Net
import Plan
import Policy
import Testing

@testable import Image

/// Whatever the bytes are, reading them gives an image or an error.
@Suite struct DamageTests {
    private static let seeds = (0..<8).map { _ in UInt64.random(in: 0 ... .max) }

    private func read(_ bytes: [UInt8]) throws -> Image { try bytes.withUnsafeBytes { try Image(reading: $0) } }

    @Test func foreignBytesAreNoImage() {
        #expect(throws: ImageError.notAnImage) { try read([]) }
        #expect(throws: ImageError.notAnImage) { try read([UInt8](repeating: 0, count: 4096)) }
    }

    @Test func otherVersionsAreNamed() throws {
        var bytes = try Image.compile(PublishedState(state: State())).bytes
        bytes[64] = 77
        #expect(throws: ImageError.otherVersion(77)) { try read(bytes) }
    }

    @Test(arguments: seeds) func aChangedBitIsNoticed(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        let image = try Image.compile(PublishedState(state: random.state()))
        let bytes = image.bytes
        let slots = image.layout.byteRange(.slots)
        for _ in 0..<40 {
            let place = random.number(0...bytes.count - 1)
            // A slot's backend may become another one; and what fills a section's last line means nothing.
            guard !slots.contains(place), !image.isPadding(place) else { continue }
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(random.number(0...7))
            #expect(throws: ImageError.self, "byte \(place), seed \(seed)") { try read(damaged) }
        }
    }

    @Test(arguments: seeds) func truncationIsNoticed(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        let bytes = try Image.compile(PublishedState(state: random.state())).bytes
        for _ in 0..<20 {
            let length = random.number(0...bytes.count - 1)
            #expect(throws: ImageError.self, "\(length) bytes, seed \(seed)") { try read(Array(bytes.prefix(length))) }
        }
    }

    /// Past the checksum: the decoder itself must not trust a byte.
    @Test(arguments: seeds) func theManifestsDecoderSurvivesAnything(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        let published = PublishedState(
            state: random.state(), sources: [SourceFile(name: "f", text: "text")],
            overrides: [Override(service: "s", backend: "b", change: .weight(3))])
        var writer = ManifestWriter()
        published.write(to: &writer)
        let body = writer.bytes
        for _ in 0..<500 {
            var damaged = body
            for _ in 0..<random.number(1...4) {
                let place = random.number(0...damaged.count - 1)
                switch random.number(0...3) {
                case 0: damaged[place] = UInt8(random.number(0...255))
                case 1: damaged[place] = 0xFF
                case 2: damaged.remove(at: place)
                default: damaged.insert(UInt8(random.number(0...255)), at: place)
                }
                if damaged.isEmpty { break }
            }
            // Either outcome is right; a value must be one that can be written again.
            if let decoded = try? Manifest.decode(damaged) {
                var again = ManifestWriter()
                decoded.write(to: &again)
                #expect(try Manifest.decode(again.bytes) == decoded, "seed \(seed)")
            }
        }
        #expect(throws: ImageError.self) { try Manifest.decode(body + [0]) }
        #expect(throws: ImageError.self) { try Manifest.decode(Array(body.dropLast())) }
    }

    @Test func slotsBeyondTheBackendsAreNoticed() throws {
        var state = State()
        state.services = [
            ServiceState(
                name: "s", vips: [], ports: [], forward: .ipip, drainTime: 1,
                backends: [BackendState(name: "b", address: .v4(IPv4Address(1)), slot: 1)], slot: 0,
                slots: ServiceSlots(current: [0, 0, 0], previous: [0, 0, 0], drainEnd: 5))
        ]
        let image = try Image.compile(PublishedState(state: state))
        for offset in [0, 64] {
            var bytes = image.bytes
            bytes[image.layout.byteRange(.slots).lowerBound + offset] = 1
            #expect(throws: ImageError.corrupt("a slot of 's' holds no backend")) { try read(bytes) }
        }
    }
}

extension Image {
    /// Bytes behind a section's content that fill its last line.
    fileprivate func isPadding(_ place: Int) -> Bool {
        Section.allCases.contains { section in
            let range = layout.byteRange(section)
            let used = section == .manifest ? manifest.count : words(section).count * 4
            return section != .slots && range.contains(place) && place - range.lowerBound >= used
        }
    }
}
