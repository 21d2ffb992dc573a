import Net
public import Plan
import Policy

/// What the nodes' files say of the one service: its backends, in the order of the changes made so far.
///
/// A node's state is compiled from it by the same function that `sluice apply` calls.
public struct Fleet: Equatable, Sendable {
    /// A change that an operator makes.
    public enum Change: Equatable, Sendable {
        /// A new backend of weight 1, of this number.
        case add(Int)
        case remove(Int)
        case drain(Int)
        case undrain(Int)
        case weight(Int, UInt16)
    }

    static let vip = IPAddress.v4(IPv4Address(0xC000_020A))
    static let port: UInt16 = 443
    static let service = "shop"

    /// Weights by the backends' numbers.
    private var weights: [Int: UInt16]
    private var draining: Set<Int> = []
    /// Seconds.
    public var drainTime: Int

    public init(backends: Int, drainTime: Int) {
        weights = Dictionary(uniqueKeysWithValues: (0..<backends).map { ($0, 1) })
        self.drainTime = drainTime
    }

    public var backends: [Int] { weights.keys.sorted() }

    public mutating func make(_ change: Change) {
        switch change {
        case .add(let backend): weights[backend] = 1
        case .remove(let backend):
            weights[backend] = nil
            draining.remove(backend)
        case .drain(let backend): draining.insert(backend)
        case .undrain(let backend): draining.remove(backend)
        case .weight(let backend, let weight): weights[backend] = weight
        }
    }

    /// What a node publishes that applies this now.
    public func state(after previous: State?, now: UInt64) throws(PlanError) -> State {
        let position = Position(file: "fleet")
        var service = Service(name: Self.service, position: position)
        service.vips = [Self.vip]
        service.ports = [Service.Port(match: TrafficMatch(.tcp, port: Self.port), position: position)]
        service.forward = .direct
        service.drainTime = drainTime
        service.backends = backends.map { number in
            var backend = Backend(name: Self.name(number), address: Self.address(number), position: position)
            backend.weight = weights[number] ?? 0
            return backend
        }
        var document = Document()
        document.services = [service]
        document.defaults.ingress = .allow
        let overrides = draining.sorted().map {
            Override(service: Self.service, backend: Self.name($0), change: .drain)
        }
        return try compile(
            document, facts: NodeFacts(links: [], now: now), overrides: overrides, previous: previous)
    }

    static func name(_ backend: Int) -> String { "backend-\(backend)" }
    static func address(_ backend: Int) -> IPAddress { .v4(IPv4Address(0x0AFF_0000 | UInt32(backend))) }
    /// The number of a backend of a state that ``state(after:now:)`` made.
    static func number(_ backend: BackendState) -> Int { Int(backend.name.dropFirst("backend-".count)) ?? -1 }
}
