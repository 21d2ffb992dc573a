import Foundation
import Net
import Packets
import Policy
import TestSupport
import Testing

/// Model and kernel judge random packets under random documents alike: outcome, rule, service, backend, every byte.
@Suite(.enabled(if: isRoot), .serialized)
struct AgreementTests {
    /// Set AGREEMENT_SEED to repeat one document, AGREEMENT_DOCUMENTS and AGREEMENT_PACKETS (per round, of which each
    /// document has three) to look further.
    @Test func randomPackets() throws {
        let fixed = ProcessInfo.processInfo.environment["AGREEMENT_SEED"].flatMap(UInt64.init)
        let first = fixed ?? UInt64.random(in: 0..<1 << 32)
        let documents = fixed == nil ? effort("AGREEMENT_DOCUMENTS", otherwise: 20) : 1
        for seed in first..<first + UInt64(documents) {
            try KernelNode.with { node in try agree(on: node, seed: seed) }
        }
    }

    private func agree(on node: KernelNode, seed: UInt64) throws {
        var random = SplitMix64(seed: seed &* 31 &+ 7)
        let documents = RandomDocument(seed: seed, interface: "nic")
        var generator = PacketGenerator(documents.interests(node: node), seed: seed)
        var document = documents.document
        // What was sent to a backend, which may answer.
        var sent: [UInt8]?
        // The same services with other backends: marked slots, remembered connections.
        for round in 0..<3 {
            try node.publish(document)
            for number in 0..<effort("AGREEMENT_PACKETS", otherwise: 300) {
                var frame = generator.next()
                if let sent, random.chance(50) { frame = generator.sequel(of: sent) ?? frame }
                sent = nil
                if random.chance(8) { try node.send(frame) }
                let expected = Observation(node.expect(frame), frame: frame)
                let observed = try node.observe(frame)
                if expected.service != nil { sent = expected.bytes }
                guard expected == observed else {
                    report(seed, round, number, frame, expected, observed, document)
                    return
                }
            }
            document.services = document.services.map { $0.changed(&random) }
        }
    }

    private func report(
        _ seed: UInt64, _ round: Int, _ number: Int, _ frame: [UInt8], _ expected: Observation,
        _ observed: Observation, _ document: Document
    ) {
        Issue.record(
            """
            AGREEMENT_SEED=\(seed), round \(round), packet \(number): \(Frame.dump(frame))
            expected: \(expected)
            observed: \(observed)
            document: \(document)
            """)
    }
}

extension Service {
    /// With a backend gone, new, heavier or lighter.
    fileprivate func changed(_ random: inout SplitMix64) -> Service {
        var changed = self
        let absent = KernelNode.backends.filter { address in
            !backends.contains { $0.address == address }
                && (forward.encapsulation != nil || address.family == (vips.first ?? vipPrefixes[0].address).family)
        }
        if random.chance(20) { changed.scheduler = random.pick(Service.Scheduler.allCases) }
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !backends.isEmpty: changed.backends.remove(at: Int.random(in: 0..<backends.count, using: &random))
        case 1 where !absent.isEmpty:
            let address = random.pick(absent)
            changed.backends.append(Backend(name: "backend-\(address)", address: address, position: position))
            changed.backends[changed.backends.count - 1].slowStart = random.pick([0, 60, 3600])
            changed.backends[changed.backends.count - 1].zone = backends.first?.zone
            changed.backends[changed.backends.count - 1].group = groups.isEmpty ? nil : random.pick(groups).name
        case 2 where !backends.isEmpty:
            changed.backends[Int.random(in: 0..<backends.count, using: &random)].weight = random.pick([0, 1, 5])
        case 3 where !groups.isEmpty: changed.groups[0].weight = random.pick([0, 1, 50])
        default: break
        }
        return changed
    }
}
