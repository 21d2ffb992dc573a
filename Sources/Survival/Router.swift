/// The router in front of the nodes: a connection's packets all go to one node, chosen by hash, until the set of nodes
/// changes (ECMP).
public struct Router: Sendable {
    /// How it spreads hashes over the nodes.
    public enum Hashing: String, Sendable, CaseIterable {
        /// Hash modulo the number of nodes: when that changes, most connections change nodes.
        case modulo
        /// A fixed number of buckets, as in resilient next-hop groups: only a lost node's buckets go elsewhere, and a
        /// new one gets its share of buckets, no more.
        case resilient
    }

    private static let buckets = 120

    let hashing: Hashing
    private var nodes: [Int]
    /// The node of each bucket.
    private var table: [Int]

    /// - Parameter nodes: At least one.
    public init(_ hashing: Hashing, nodes: [Int]) {
        self.hashing = hashing
        self.nodes = nodes
        table = (0..<Self.buckets).map { nodes[$0 % nodes.count] }
    }

    public func node(of connection: Connection) -> Int {
        switch hashing {
        case .modulo: nodes[Int(connection.path % UInt64(nodes.count))]
        case .resilient: table[Int(connection.path % UInt64(table.count))]
        }
    }

    /// - Precondition: another one is left.
    public mutating func lose(_ node: Int) {
        nodes.removeAll { $0 == node }
        var turn = 0
        for bucket in table.indices where table[bucket] == node {
            table[bucket] = nodes[turn % nodes.count]
            turn += 1
        }
    }

    public mutating func add(_ node: Int) {
        nodes.append(node)
        for _ in 0..<table.count / nodes.count {
            // One after the other from whoever has most.
            let shares = Dictionary(table.map { ($0, 1) }, uniquingKeysWith: +)
            let most = nodes.dropLast().max { (shares[$0] ?? 0, $1) < (shares[$1] ?? 0, $0) }
            if let bucket = table.firstIndex(where: { $0 == most }) { table[bucket] = node }
        }
    }
}
