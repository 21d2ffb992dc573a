import BPF
import Dataplane
import Foundation
import Image
import Net
import Node
import Plan
import Policy

/// What `sluice apply` does, without a process for each time: for tests that publish very often.
struct Publishing {
    private let instance: Instance
    private let documents: [Document]
    private let facts: NodeFacts
    private var previous: Image?

    /// On the thread that is in the node's network namespace.
    private init(_ lab: Lab, _ files: [NodeFile]) throws {
        instance = try Instance(lab.instance(.node))
        documents = try files.map { try parse([SourceFile(name: "lab", text: $0.text)]).0 }
        let backends = documents.flatMap(\.services).flatMap(\.backends).map(\.address)
        facts = try NodeFacts.gather(tunnelDestinations: backends)
        previous = try Dataplane.open(instance)?.withImage { try Image(reading: $0) }
    }

    private mutating func publish(_ document: Document) throws {
        let lock = try InstanceLock(instance)
        let state = try compile(document, facts: facts, previous: previous?.published.state)
        let image = try Image.compile(PublishedState(state: state), reusing: previous)
        let publication = Publication(image, after: previous?.published.state)
        _ = try Dataplane.apply(publication, to: instance, under: lock)
        previous = image
    }

    /// Publishes the files one after the other, over and over.
    static func alternate(_ files: [NodeFile], times: Int, on lab: Lab) async throws {
        try await lab.inNamespace(of: .node) {
            var publishing = try Publishing(lab, files)
            for time in 0..<times { try publishing.publish(publishing.documents[time % files.count]) }
        }
    }
}

extension Lab {
    /// Runs the body on a thread of its own, in the host's network namespace.
    func inNamespace(of host: Host, _ body: @escaping @Sendable () throws -> Void) async throws {
        let namespace = try NetworkNamespace("/run/netns/\(instance(host))")
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try namespace.run(body) }) }
        }
    }
}
