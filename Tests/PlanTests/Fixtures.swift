import Net
import Plan
import Policy
import Testing

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// New ones in every run; a failing run names its seeds in the test's arguments.
let seeds = (0..<20).map { _ in UInt64.random(in: 0...UInt64.max) }

func ip(_ text: String) throws -> IPAddress { try #require(IPAddress(text), "\(text)") }
func net(_ text: String) throws -> Prefix { try Prefix(parsing: text) }

func at(_ line: Int) -> Position { Position(file: "test.yaml", line: line) }

func identity(
    _ name: String, _ cidrs: [String] = [], except: [String] = [], labels: [String: String] = [:]
) throws -> Identity {
    var identity = Identity(name: name, position: at(10))
    identity.cidrs = try cidrs.map(net)
    identity.except = try except.map(net)
    identity.labels = labels
    return identity
}

func backend(_ name: String, _ address: String, weight: UInt16 = 1, line: Int = 20) throws -> Backend {
    var backend = Backend(name: name, address: try ip(address), position: at(line))
    backend.weight = weight
    return backend
}

func service(_ name: String, vip: String = "192.0.2.10", _ backends: [Backend]) throws -> Service {
    var service = Service(name: name, position: at(15))
    service.vips = [try ip(vip)]
    service.ports = [Service.Port(match: TrafficMatch(.tcp, port: 443), position: at(16))]
    service.backends = backends
    return service
}

func rule(
    _ name: String, from: [Rule.Peer] = [.any], to: [Rule.Peer] = [.any], _ action: Action = .allow,
    priority: Int16 = 0, line: Int = 30
) -> Rule {
    var rule = Rule(name: name, from: from, to: to, position: at(line))
    rule.action = action
    rule.priority = priority
    return rule
}

func document(
    interfaces: [String] = ["eth0"], identities: [Identity] = [], services: [Service] = [], rules: [Rule] = []
) -> Document {
    var document = Document()
    document.interfaces = interfaces.map { Interface(name: $0, position: at(3)) }
    document.identities = identities
    document.services = services
    document.rules = rules
    return document
}

func link(_ name: String, _ index: UInt32, _ addresses: [String]) throws -> NodeFacts.Link {
    NodeFacts.Link(
        name: name, index: index, mtu: 1500, mac: MACAddress("02:00:00:00:00:0\(index)"),
        addresses: try addresses.map(ip))
}

/// A node with `lo`, `eth0` (both families) and `eth1` (IPv4 only).
func facts(now: UInt64 = 100, routes: [String: String] = [:]) throws -> NodeFacts {
    NodeFacts(
        links: [
            try link("lo", 1, ["127.0.0.1", "::1"]),
            try link("eth0", 2, ["10.0.0.1", "fe80::1", "2001:db8::1"]),
            try link("eth1", 3, ["10.9.0.1"]),
        ],
        routeSources: Dictionary(uniqueKeysWithValues: try routes.map { (try ip($0), try ip($1)) }), now: now)
}

extension State {
    func service(_ name: String) throws -> ServiceState { try #require(services.first { $0.name == name }) }
}

extension ServiceState {
    func backend(_ name: String) throws -> BackendState { try #require(backends.first { $0.name == name }) }
}
