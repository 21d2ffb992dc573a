import Packets
public import Plan

/// One scenario with one strategy.
public struct Simulation {
    public struct Outcome: Equatable, Sendable {
        /// Those that were open when the first event came or began later, without those of removed backends.
        public var connections = 0
        /// Places in the list of connections, rising.
        public var broken: [Int] = []
    }

    private struct Node {
        var fleet: Fleet
        var state: State
    }

    private enum Life: Equatable {
        case unborn
        case open(backend: Int)
        case broken
        /// Its backend was removed, or there was none.
        case lost
    }

    private let scenario: Scenario
    private let strategy: Strategy
    private let connections: [Connection]
    private var router: Router
    private var nodes: [Int: Node] = [:]
    /// Of the same nodes, apart from what packets have nothing to do with.
    private var balancers: [Int: any Balancer] = [:]
    /// Every version of the file so far.
    private var files: [Fleet]
    private var removed: Set<Int> = []
    private var lives: [Life]
    private var flood: SplitMix64
    private var last: (fleet: Fleet, previous: State?, now: UInt64, state: State)?

    private init(
        _ scenario: Scenario, _ strategy: Strategy, _ hashing: Router.Hashing, _ connections: [Connection],
        flood: SplitMix64
    ) throws(PlanError) {
        self.scenario = scenario
        self.strategy = strategy
        self.connections = connections
        self.flood = flood
        files = [Fleet(backends: scenario.backends, drainTime: scenario.drainTime)]
        router = Router(hashing, nodes: Array(0..<scenario.nodes))
        lives = [Life](repeating: .unborn, count: connections.count)
        for node in 0..<scenario.nodes { try start(node, with: files) }
    }

    /// - Parameters:
    ///   - seed: The same seed, the same connections and the same flood, whatever the strategy.
    public static func run(
        _ scenario: Scenario, _ strategy: Strategy, _ hashing: Router.Hashing = .modulo, mix: Mix = .standard,
        seed: UInt64 = 1
    ) throws(PlanError) -> Outcome {
        var random = SplitMix64(seed: seed)
        return try run(scenario, strategy, hashing, mix.connections(ticks: Scenario.ticks, using: &random), random)
    }

    static func run(
        _ scenario: Scenario, _ strategy: Strategy, _ hashing: Router.Hashing, _ connections: [Connection],
        _ random: SplitMix64 = SplitMix64(seed: 1)
    ) throws(PlanError) -> Outcome {
        var simulation = try Simulation(scenario, strategy, hashing, connections, flood: random)
        try simulation.run()
        return simulation.outcome
    }

    private var outcome: Outcome {
        let first = scenario.events.first?.tick ?? 0
        var outcome = Outcome()
        for (index, life) in lives.enumerated() where connections[index].end >= first {
            if life == .lost || life == .unborn { continue }
            outcome.connections += 1
            if life == .broken { outcome.broken.append(index) }
        }
        return outcome
    }

    // MARK: Time

    static func seconds(_ tick: Int) -> UInt64 { 1000 + UInt64(tick * Scenario.tick) }

    private mutating func run() throws(PlanError) {
        let begins = Dictionary(grouping: connections.indices) { connections[$0].begin }
        var open: [Int] = []
        for tick in 0..<Scenario.ticks {
            for event in scenario.events where event.tick == tick { try happen(event) }
            open.removeAll { connections[$0].end < tick || !isOpen($0) }
            for index in open { carry(index, at: tick) }
            for index in begins[tick] ?? [] { begin(index, at: tick) }
            open += begins[tick] ?? []
            if strategy.remembers, let flood = scenario.flood, flood.ticks.contains(tick) {
                inundate(flood.packets, at: tick)
            }
        }
    }

    private func isOpen(_ index: Int) -> Bool { if case .open = lives[index] { true } else { false } }

    private func choose(_ connection: Connection, opens: Bool, at tick: Int) -> Int? {
        balancers[router.node(of: connection)]?.choose(for: connection, opens: opens, now: Self.seconds(tick))
    }

    private mutating func begin(_ index: Int, at tick: Int) {
        lives[index] = choose(connections[index], opens: true, at: tick).map { .open(backend: $0) } ?? .lost
    }

    private mutating func carry(_ index: Int, at tick: Int) {
        guard case .open(let backend) = lives[index] else { return }
        if removed.contains(backend) {
            lives[index] = .lost
        } else if choose(connections[index], opens: false, at: tick) != backend {
            lives[index] = .broken
        }
    }

    private mutating func inundate(_ packets: Int, at tick: Int) {
        for _ in 0..<packets {
            _ = choose(.hashed(flood.number(), path: flood.number(), at: tick), opens: true, at: tick)
        }
    }

    // MARK: Events

    private mutating func happen(_ event: Scenario.Event) throws(PlanError) {
        let now = Self.seconds(event.tick)
        switch event.what {
        case .change(let change, let some):
            if case .remove(let backend) = change { removed.insert(backend) }
            for node in (some ?? Array(nodes.keys)).sorted() { try apply(change, on: node, now: now) }
        case .lose(let node):
            router.lose(node)
            nodes[node] = nil
            balancers[node] = nil
        case .join(let node, let start):
            try self.start(node, with: start == .file ? [files[files.count - 1]] : files, now: now)
            router.add(node)
        }
    }

    private mutating func apply(_ change: Fleet.Change, on node: Int, now: UInt64) throws(PlanError) {
        guard var changed = nodes[node] else { return }
        changed.fleet.make(change)
        changed.state = try compile(changed.fleet, after: changed.state, now: now)
        balancers[node]?.publish(changed.state.services[0])
        nodes[node] = changed
        if files.last != changed.fleet { files.append(changed.fleet) }
    }

    /// Nodes that do the same at the same time share the work.
    private mutating func compile(_ fleet: Fleet, after previous: State?, now: UInt64) throws(PlanError) -> State {
        if let last, last.fleet == fleet, last.previous == previous, last.now == now { return last.state }
        let state = try fleet.state(after: previous, now: now)
        last = (fleet, previous, now, state)
        return state
    }

    private mutating func start(_ node: Int, with files: [Fleet], now: UInt64 = 0) throws(PlanError) {
        var state: State?
        for file in files { state = try compile(file, after: state, now: now) }
        guard let state, let fleet = files.last else { return }
        let balancer = strategy.balancer(memory: scenario.memory)
        balancer.publish(state.services[0])
        nodes[node] = Node(fleet: fleet, state: state)
        balancers[node] = balancer
    }
}
