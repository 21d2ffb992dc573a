public import Net
import Oracle
import Packets

/// A TCP connection of a client with the service: its first packet opens it, then it sends one in every tick.
public struct Connection: Equatable, Sendable {
    public let client: IPAddress
    public let port: UInt16
    /// Where it falls in a service's tables: the hash that the data path computes.
    public let hash: UInt32
    /// The router's own hash of the same addresses and ports, which has nothing to do with ``hash``.
    public let path: UInt64
    /// Ticks of its first and its last packet.
    public let begin: Int
    public let end: Int

    public init(from client: IPAddress, port: UInt16, begin: Int, end: Int) {
        self.client = client
        self.port = port
        self.begin = begin
        self.end = end
        hash = FlowHash.of(from: client, port: port, to: Fleet.vip, port: Fleet.port, .tcp)
        let seed = client.bytes.reduce(UInt64(port)) { $0 << 8 ^ UInt64($1) }
        var router = SplitMix64(seed: seed)
        path = router.next()
    }

    private init(_ client: IPAddress, hash: UInt32, path: UInt64, at tick: Int) {
        self.client = client
        self.hash = hash
        self.path = path
        port = 0
        begin = tick
        end = tick
    }

    /// One packet of a flood, of which nobody will ask who sent it.
    static func hashed(_ hash: UInt32, path: UInt64, at tick: Int) -> Connection {
        Connection(.v4(IPv4Address(0)), hash: hash, path: path, at: tick)
    }
}

/// How many connections there are, and how long they last.
public struct Mix: Sendable {
    /// Downloads, web sockets, database sessions: from a sixth of the time up to all of it.
    public var long: Int
    /// Web requests: one to three ticks.
    public var short: Int

    public static let standard = Mix(long: 5000, short: 2000)

    public init(long: Int, short: Int) {
        self.long = long
        self.short = short
    }

    /// They begin at any time in `ticks`, and so before, between and after whatever happens.
    func connections(ticks: Int, using random: inout SplitMix64) -> [Connection] {
        let lasting = (0..<long).map { _ in Int.random(in: ticks / 6...ticks, using: &random) }
        let passing = (0..<short).map { _ in Int.random(in: 1...3, using: &random) }
        return (lasting + passing).map { length in
            let begin = Int.random(in: 0..<ticks, using: &random)
            return .random(begin: begin, end: begin + length, using: &random)
        }
    }
}

extension Connection {
    static func random(begin: Int, end: Int, using random: inout SplitMix64) -> Connection {
        Connection(
            from: .v4(IPv4Address(0x0A00_0000 | random.number(UInt32.self) >> 8)), port: random.number() | 1024,
            begin: begin, end: end)
    }
}
