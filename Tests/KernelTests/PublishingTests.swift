import BPF
import Dataplane
import Foundation
import Net
import Packets
import Plan
import Policy
import Synchronization
import TestSupport
import Testing

/// Publishing while packets flow: each of them gets what the old or the new file gives, whole.
@Suite(.enabled(if: isRoot), .serialized)
struct PublishingTests {
    /// Two files that disagree about who may use the service and about its backends.
    private static func file(_ other: Bool) -> String {
        """
        version: 1
        interfaces: {nic: {next-hop: "02:00:00:00:00:99"}}
        identities:
          always: {cidrs: [10.1.0.0/24]}
          sometimes: {cidrs: [10.2.0.0/24]}
        services:
          shop:
            vips: [192.0.2.10]
            ports: [80/tcp]
            forward: ipip
            drain-time: 0s
            backends:
              \(other ? "b: {address: 10.0.0.12}" : "a: {address: 10.0.0.11}")
        policies:
          shop: {from: [always\(other ? "" : ", sometimes")], to: shop, ports: [80/tcp]}
          node: {from: [\(other ? "sometimes" : "always")], to: node, ports: [22/tcp]}
        """
    }

    private static let documents: [Document] = [false, true].map {
        // The text is above; it is right, or every test here fails.
        (try? parse([SourceFile(name: "test", text: file($0))]).0) ?? Document()
    }

    private static func frame(from source: String, to destination: String, port: UInt16) -> [UInt8] {
        let segment = TCPSegment(from: 40000, to: port, .ack, data: [])
        return Frame(IPPacket(from: IPAddress(source)!, to: IPAddress(destination)!, .tcp(segment))).bytes
    }

    private static let frames = [
        frame(from: "10.1.0.7", to: "192.0.2.10", port: 80), frame(from: "10.2.0.7", to: "192.0.2.10", port: 80),
        frame(from: "10.1.0.7", to: "10.0.0.1", port: 22), frame(from: "10.2.0.7", to: "10.0.0.1", port: 22),
        frame(from: "10.3.0.7", to: "192.0.2.10", port: 80),
    ]

    private struct Answer: Hashable {
        var action: String
        var bytes: [UInt8]
    }

    @Test func noPacketSeesHalfOfAChange() throws {
        let publishes = effort("PUBLISHES", otherwise: 1000)
        try KernelNode.with { node in
            // What each file alone gives.
            var allowed = [Set<Answer>](repeating: [], count: Self.frames.count)
            for document in Self.documents {
                try node.publish(document)
                for (number, frame) in Self.frames.enumerated() {
                    allowed[number].insert(try Self.answer(node.dataplane!, frame, node.nic))
                }
            }
            #expect(allowed.map(\.count) == [2, 2, 2, 2, 1])

            let traffic = Traffic(node, Self.frames, allowed)
            traffic.start()
            for number in 0..<publishes { try node.publish(Self.documents[number % 2]) }
            let (count, strangers) = traffic.stop()
            #expect(count > publishes)
            #expect(strangers.isEmpty, "\(strangers)")
        }
    }

    private static func answer(_ dataplane: Dataplane, _ frame: [UInt8], _ nic: UInt32) throws -> Answer {
        let result = try dataplane.run(frame, interfaceIndex: nic)
        return Answer(action: result.action.description, bytes: result.packet)
    }

    /// Sends the frames round and round on a thread of its own, in the node's namespace, until told to stop.
    private final class Traffic: Sendable {
        private let dataplane: Dataplane
        private let nic: UInt32
        private let namespace: Namespace
        private let frames: [[UInt8]]
        private let allowed: [Set<Answer>]
        private let isOver = Atomic(false)
        private let result = Mutex((count: 0, strangers: [String]()))
        private let done = DispatchSemaphore(value: 0)

        init(_ node: KernelNode, _ frames: [[UInt8]], _ allowed: [Set<Answer>]) {
            dataplane = node.dataplane!
            nic = node.nic
            namespace = node.namespace
            self.frames = frames
            self.allowed = allowed
        }

        func start() {
            Thread.detachNewThread { [self] in
                defer { done.signal() }
                do { try namespace.run { while !isOver.load(ordering: .relaxed) { try round() } } } catch {
                    result.withLock { $0.strangers.append("\(error)") }
                }
            }
        }

        private func round() throws {
            for (number, frame) in frames.enumerated() {
                let answer = try PublishingTests.answer(dataplane, frame, nic)
                result.withLock {
                    $0.count += 1
                    if !allowed[number].contains(answer), $0.strangers.count < 10 {
                        $0.strangers.append("frame \(number): \(answer.action)\n\(hexdump(answer.bytes))")
                    }
                }
            }
        }

        func stop() -> (count: Int, strangers: [String]) {
            isOver.store(true, ordering: .relaxed)
            done.wait()
            return result.withLock { $0 }
        }
    }
}
