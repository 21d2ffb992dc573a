/// What happens to a fleet of nodes while connections come and go.
public struct Scenario: Sendable {
    public struct Event: Sendable {
        public enum What: Sendable {
            /// Applied by these nodes at this moment; `nil`: by all there are.
            case change(Fleet.Change, on: [Int]? = nil)
            /// The node is gone, with what it remembered, and the router knows.
            case lose(Int)
            /// A node that was not there yet.
            case join(Int, Start)
        }

        /// What a node that joins has to go by.
        public enum Start: Sendable {
            /// The file of today.
            case file
            /// Every file of the drain time, applied one after the other.
            case filesSince
        }

        public let tick: Int
        public let what: What

        public init(at tick: Int, _ what: What) {
            self.tick = tick
            self.what = what
        }
    }

    /// Packets that open connections and are never followed by another one.
    public struct Flood: Sendable {
        public var ticks: Range<Int>
        /// By all nodes together, in each tick.
        public var packets: Int
    }

    public var name: String
    public var events: [Event]
    public var flood: Flood?
    public var nodes = 4
    public var backends: Int
    /// Seconds.
    public var drainTime: Int
    /// Connections that a node can remember: about twice as many as it has at a time.
    public var memory = 1200

    public static let ticks = 60
    /// Seconds.
    public static let tick = 10

    public init(
        _ name: String, _ events: [Event], flood: Flood? = nil, backends: Int = 10, drainTime: Int = 3600
    ) {
        self.name = name
        self.events = events
        self.flood = flood
        self.backends = backends
        self.drainTime = drainTime
    }

    /// Whether the set of nodes changes, so that it matters how the router hashes.
    public var changesNodes: Bool {
        events.contains {
            if case .change = $0.what { false } else { true }
        }
    }
}

extension Scenario {
    /// The rows of the table in `docs/survival.md`.
    public static let all: [Scenario] = backendChanges + nodeChanges + both

    private static let add = Event.What.change(.add(10))

    private static let backendChanges = [
        Scenario("a backend is added", [Event(at: 20, add)]),
        Scenario("a backend is drained", [Event(at: 20, .change(.drain(3)))]),
        Scenario("a backend's weight is doubled", [Event(at: 20, .change(.weight(3, 2)))]),
        Scenario("a backend is removed", [Event(at: 20, .change(.remove(3)))]),
        Scenario(
            "one is added, one drained, one re-weighted",
            [Event(at: 20, add), Event(at: 24, .change(.drain(3))), Event(at: 28, .change(.weight(5, 2)))]),
        Scenario("a 17th is added, for which the table grows", [Event(at: 20, .change(.add(16)))], backends: 16),
        Scenario("a backend is added, drain time 100 s", [Event(at: 20, add)], drainTime: 100),
        Scenario(
            "a backend is added in a flood of SYNs", [Event(at: 20, add)], flood: Flood(ticks: 18..<28, packets: 6000)),
        Scenario(
            "a backend is added in ten times that flood", [Event(at: 20, add)],
            flood: Flood(ticks: 18..<28, packets: 60_000)),
    ]

    private static let nodeChanges = [
        Scenario("a node is lost", [Event(at: 30, .lose(0))]),
        Scenario("a node joins", [Event(at: 30, .join(4, .file))]),
    ]

    private static let both = [
        Scenario("a backend is added, 100 s later a node lost", [Event(at: 20, add), Event(at: 30, .lose(0))]),
        Scenario(
            "a backend is drained, 100 s later a node lost",
            [Event(at: 20, .change(.drain(3))), Event(at: 30, .lose(0))]),
        Scenario(
            "one node adds a backend, is lost 20 s later, and 20 s later the others add it",
            [
                Event(at: 20, .change(.add(10), on: [0])), Event(at: 22, .lose(0)),
                Event(at: 24, .change(.add(10), on: [1, 2, 3])),
            ]),
        Scenario(
            "all nodes but one add a backend, and 20 s later that one is lost",
            [Event(at: 20, .change(.add(10), on: [1, 2, 3])), Event(at: 22, .lose(0))]),
        Scenario(
            "a backend is added, 100 s later a node joins with the new file",
            [Event(at: 20, add), Event(at: 30, .join(4, .file))]),
        Scenario(
            "a backend is added, 100 s later a node joins with the old file and then the new",
            [Event(at: 20, add), Event(at: 30, .join(4, .filesSince))]),
    ]
}
