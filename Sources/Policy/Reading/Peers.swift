internal import Net

/// `from` and `to` of policies.
extension DocumentReader {
    enum Side { case from, to }

    /// A list of peers, or one peer by itself. Empty only where something is wrong, which is reported.
    mutating func peers(_ node: Node, _ side: Side) -> [Rule.Peer] {
        let nodes: [Node]
        switch node.content {
        case .scalar, .mapping: nodes = [node]
        case .list, .null:
            nodes = items(node, side == .from ? "from" : "to", emptyHint: "write any to mean every address") ?? []
        }
        var peers: [Rule.Peer] = []
        var seen: Set<Rule.Peer> = []
        for node in nodes {
            guard let peer = peer(node, side) else { continue }
            if seen.insert(peer).inserted {
                peers.append(peer)
            } else {
                warning(node.position, "this peer is in the list twice")
            }
        }
        return peers
    }

    private mutating func peer(_ node: Node, _ side: Side) -> Rule.Peer? {
        guard case .mapping = node.content else {
            return text(node, "the peer").flatMap { bareName($0, side, node.position) }
        }
        let before = diagnostics.count
        guard let fields = fields(node, .peer, at: node.position) else { return nil }
        let given = ["identity", "labels", "cidr", "service"].filter { fields[$0] != nil }
        guard given.count == 1 else {
            // A key that is wrong has been reported.
            guard !given.isEmpty || diagnostics.count == before else { return nil }
            error(
                node.position,
                given.isEmpty ? "this peer names nothing" : "this peer has both \(given[0]) and \(given[1])",
                "a peer has one of identity, labels, cidr and service; several peers are a list")
            return nil
        }
        if let except = fields["except"], fields["cidr"] == nil {
            error(except.position, "\"except\" goes with cidr only")
        }
        if let name = fields["identity"] { return identityPeer(name) }
        if let name = fields["service"] { return servicePeer(name, side) }
        if let selector = fields["labels"] { return labelsPeer(selector) }
        return fields["cidr"].flatMap { cidrPeer($0, except: fields["except"]) }
    }

    private mutating func bareName(_ name: String, _ side: Side, _ position: Position) -> Rule.Peer? {
        switch (name, side) {
        case ("any", _): return .any
        case ("world", _): return .world
        case ("node", .to): return .node
        case ("node", .from):
            error(position, "node cannot be in from", "what the node itself sends is not filtered at ingress")
            return nil
        default: break
        }
        switch named[name]?.kind {
        case .identity: return .identity(name)
        case .service where side == .to: return .service(name)
        case .service:
            serviceOpensNothing(name, position)
        case nil where (try? Prefix(parsing: name)) != nil:
            error(position, "\(quoted(name)) is no name", "write {cidr: \(name)}")
        case nil:
            let reserved = side == .from ? ["any", "world"] : ["any", "node", "world"]
            dangling(name, side == .from ? .identity : nil, "identity or service", reserved, position)
        }
        return nil
    }

    private mutating func identityPeer(_ node: Node) -> Rule.Peer? {
        guard let name = text(node, "the identity") else { return nil }
        switch named[name]?.kind {
        case .identity: return .identity(name)
        case .service: error(node.position, "\(quoted(name)) is a service", "write {service: \(name)}")
        case nil: dangling(name, .identity, "identity", [], node.position)
        }
        return nil
    }

    private mutating func servicePeer(_ node: Node, _ side: Side) -> Rule.Peer? {
        guard let name = text(node, "the service") else { return nil }
        switch named[name]?.kind {
        case .service where side == .to: return .service(name)
        case .service: serviceOpensNothing(name, node.position)
        case .identity: error(node.position, "\(quoted(name)) is an identity", "write {identity: \(name)}")
        case nil: dangling(name, .service, "service", [], node.position)
        }
        return nil
    }

    private mutating func labelsPeer(_ node: Node) -> Rule.Peer? {
        let selector = labels(node)
        guard !selector.isEmpty else { return nil }
        if !carriers.carries(selector) {
            let shown = selector.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            warning(node.position, "no identity carries the labels \(quoted(shown))", "the peer holds no address")
        }
        return .labels(selector)
    }

    private mutating func cidrPeer(_ node: Node, except: Node?) -> Rule.Peer? {
        if case .list = node.content {
            error(node.position, "\"cidr\" takes one prefix", "write a peer for each, or an identity with cidrs")
            return nil
        }
        let (cidrs, exceptions) = prefixes([node], except: except)
        return cidrs.first.map { .cidr($0, except: exceptions) }
    }

    private mutating func serviceOpensNothing(_ name: String, _ position: Position) {
        error(position, "the service \(quoted(name)) cannot be in from", "a service opens no connections")
    }

    /// - Parameter kind: of the names to suggest; `nil`: all.
    mutating func dangling(
        _ name: String, _ kind: Named?, _ what: String, _ reserved: [String], _ position: Position
    ) {
        if kind != nil, what == "identity" || what == "service", ["any", "node", "world"].contains(name) {
            error(position, "\(name) is no \(what)", "write \(name) by itself")
            return
        }
        let known = named
        let candidates = [reserved, names].joined().lazy.filter { candidate in
            kind == nil || known[candidate].map { $0.kind == kind } ?? true
        }
        let near = nearest.name(to: name, among: candidates)
        error(position, "there is no \(what) \(quoted(name))", near.map { "did you mean \(quoted($0))?" })
    }
}
