import Dataplane
import FoundationEssentials
import Image
import Net
import Node
import Plan
import Policy

/// Everything that would be published: what was asked for, resolved on this node.
struct Candidate {
    var state: State
    var sources: [SourceFile]
    var overrides: [Override]
}

/// Takes an instance from what is published to something else, holding its lock all the while.
struct Publisher: ~Copyable {
    let instance: Instance
    /// What is published now.
    let previous: PublishedState?
    private let image: Image?
    private let running: Dataplane?
    private let lock: InstanceLock

    /// - Parameter service: The only one that will differ, and that keeps its number of backends. Then the slots of the
    ///   others, which take most of the time, are not read, and `previous` lacks them.
    init(_ instance: Instance, changingOnly service: String? = nil) throws {
        let lock = try InstanceLock(instance)
        let running = try Dataplane.open(instance, repairingUnder: lock)
        if let running, let service {
            image = try Image(reading: running.imageMemory(), slotsOf: service)
        } else {
            image = try running?.image()
        }
        previous = image?.published
        self.instance = instance
        self.running = running
        self.lock = lock
    }

    /// Publishes as one transaction. `check` is asked about the new tables before they take effect; what it throws
    /// leaves everything as it was.
    func publish(
        _ candidate: Candidate, check: (DryRunner) throws -> Void = { _ in }
    ) throws -> PublicationReport {
        let image = try Image.compile(
            PublishedState(
                state: candidate.state, sources: candidate.sources, overrides: candidate.overrides,
                publishedAt: UInt64(Date().timeIntervalSince1970)),
            reusing: image)
        let publication = Publication(image, after: previous?.state)
        return try Dataplane.apply(publication, to: instance, over: running, under: lock, check: check).report
    }
}

extension Candidate {
    /// - Parameter previous: What is published: it lends counters, connections and, unless `reset`, the overrides.
    init(_ input: Input, after previous: PublishedState?, reset: Bool = false) throws {
        let kept = reset ? [] : previous?.overrides ?? []
        overrides = SettledOverrides(kept, over: input.document).kept
        sources = input.sources
        let added = overrides.compactMap(\.change.addedAddress)
        let facts = try NodeFacts.gather(tunnelDestinations: input.document.tunnelDestinations + added)
        state = try compile(input.document, facts: facts, overrides: overrides, previous: previous?.state)
    }

    /// What is published, with one override more.
    init(_ override: Override, after previous: PublishedState) throws {
        let facts = try NodeFacts.gather(tunnelDestinations: [override.change.addedAddress].compactMap(\.self))
        state = try changing(previous.state, by: override, facts: facts)
        sources = previous.sources
        overrides = previous.overrides.adding(override)
    }
}

extension Document {
    fileprivate var tunnelDestinations: [IPAddress] {
        services.filter { $0.forward.encapsulation != nil || $0.masquerade }.flatMap { $0.backends.map(\.address) }
    }
}

extension Override.Change {
    fileprivate var addedAddress: IPAddress? {
        if case .add(let address, _, _, _) = self { address } else { nil }
    }
}
