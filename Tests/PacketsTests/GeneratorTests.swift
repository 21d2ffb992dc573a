import Net
import Packets
import Testing

@Suite struct GeneratorTests {
    static let interests = PacketGenerator.Interests(
        sources: ["203.0.113.9", "127.0.0.1", "2001:db8:1::7"].compactMap { IPAddress($0) },
        destinations: ["192.0.2.10", "10.0.0.1", "2001:db8::10"].compactMap { IPAddress($0) }, ports: [443, 53],
        tunnelEnds: ["10.0.0.1"].compactMap { IPAddress($0) })

    /// The first outputs for seed 1234567, as published with other implementations.
    @Test func splitMix64() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func sameSeedSameFrames() {
        let run = { (seed: UInt64) in
            var generator = PacketGenerator(Self.interests, seed: seed)
            return (0..<200).map { _ in generator.next() }
        }
        #expect(run(1) == run(1))
        #expect(run(1) != run(2))
    }

    @Test func bytesSurviveParsing() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = PacketGenerator(Self.interests, seed: seed)
        for round in 0..<4000 {
            let bytes = generator.next()
            #expect(Frame(bytes: bytes)?.bytes == bytes, "seed \(seed), round \(round)\n\(Frame.dump(bytes))")
        }
    }

    @Test func anyBytesParse() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            var bytes = random.bytes(Int.random(in: 0...120, using: &random))
            if bytes.count >= 24 {
                bytes.replaceSubrange(12..<14, with: random.pick([[0x08, 0x00], [0x86, 0xDD], [0x81, 0x00]]))
                bytes[14] = random.pick([0x45, 0x46, 0x60])
            }
            #expect(Frame(bytes: bytes)?.bytes == (bytes.count < 14 ? nil : bytes), "seed \(seed)\n\(hexdump(bytes))")
        }
    }

    /// Valid packets say nothing wrong about themselves.
    @Test func framesAreValid() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = PacketGenerator(Self.interests, seed: seed)
        for _ in 0..<2000 {
            let frame = generator.frame()
            guard case .ip(.v4(let packet)) = frame.content, packet.fragmentOffset == 0 else { continue }
            let header = packet.bytes.prefix(20 + (packet.options.count + 3) / 4 * 4)
            #expect(InternetChecksum.of(header) == 0, "seed \(seed)\n\(frame)")
            if case .tcp(let segment) = packet.payload {
                let body = packet.bytes.dropFirst(header.count)
                var sum = InternetChecksum(
                    from: .v4(packet.source), to: .v4(packet.destination), .tcp, length: body.count)
                sum.add(body)
                #expect(sum.value == 0, "seed \(seed)\n\(frame)")
                #expect(segment.checksum == nil)
            }
        }
    }

    /// Whatever a data path distinguishes comes up often enough to be tested.
    @Test func everythingComesUp() {
        var generator = PacketGenerator(Self.interests, seed: 42)
        var seen: [String: Int] = [:]
        for _ in 0..<6000 {
            let frame = generator.frame()
            seen["tags \(frame.tags.count)", default: 0] += 1
            guard case .ip(let packet) = frame.content else {
                seen["link", default: 0] += 1
                continue
            }
            if Self.interests.destinations.contains(packet.destination) { seen["destination", default: 0] += 1 }
            if Self.interests.sources.contains(packet.source) { seen["source", default: 0] += 1 }
            for kind in kinds(packet) { seen[kind, default: 0] += 1 }
        }
        let expected = [
            "tags 0", "tags 1", "tags 2", "tags 3", "link", "destination", "source", "v4", "v6", "options",
            "first fragment", "later fragment", "extension", "tcp", "udp", "sctp", "icmp", "icmpv6", "tunnel", "raw",
            "error",
        ]
        for kind in expected { #expect(seen[kind, default: 0] >= 10, "\(kind): \(seen)") }
        #expect(seen["destination", default: 0] > 4000)
    }

    private func kinds(_ packet: IPPacket) -> [String] {
        var kinds: [String] = []
        switch packet {
        case .v4(let v4):
            kinds.append("v4")
            if !v4.options.isEmpty { kinds.append("options") }
            if v4.moreFragments && v4.fragmentOffset == 0 { kinds.append("first fragment") }
            if v4.fragmentOffset > 0 { kinds.append("later fragment") }
        case .v6(let v6):
            kinds.append("v6")
            if !v6.extensionHeaders.isEmpty { kinds.append("extension") }
        }
        switch packet.payload {
        case .tcp: kinds.append("tcp")
        case .udp: kinds.append("udp")
        case .sctp: kinds.append("sctp")
        case .icmp(let message): kinds += message.type == 3 ? ["icmp", "error"] : ["icmp"]
        case .icmpv6: kinds.append("icmpv6")
        case .ip: kinds.append("tunnel")
        case .raw: kinds.append("raw")
        }
        return kinds
    }
}
