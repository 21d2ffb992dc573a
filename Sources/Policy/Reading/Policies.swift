internal import Net

/// `policies`.
extension DocumentReader {
    mutating func policies(_ node: Node) {
        for entry in entries(node, "policies") {
            checkName(entry, "a policy")
            let known = policyNames[entry.key]
            if let known {
                error(
                    entry.position, "the policy \(quoted(entry.key)) is here a second time", "the first is at \(known)")
            } else {
                policyNames[entry.key] = entry.position
            }
            guard let fields = fields(entry.value, .policy, at: entry.position) else { continue }
            var rule = Rule(name: entry.key, from: [], to: [], position: entry.position)
            if let node = fields["from"] { rule.from = peers(node, .from) }
            if let node = fields["to"] { rule.to = peers(node, .to) }
            if let node = fields["ports"] { rule.ports = rulePorts(node, rule.to) }
            if let node = fields["action"] { rule.action = word(node, "the action") ?? rule.action }
            if let node = fields["priority"] {
                rule.priority = integer(node, "the priority", in: Int16.min...Int16.max) ?? rule.priority
            }
            if known == nil { document.rules.append(rule) }
        }
    }

    private mutating func rulePorts(_ node: Node, _ to: [Rule.Peer]) -> [TrafficMatch]? {
        var ports: [TrafficMatch] = []
        var seen: Set<TrafficMatch> = []
        for item in items(node, "ports", emptyHint: "leave it out to mean all ports") ?? [] {
            guard let match = traffic(item) else { continue }
            if seen.insert(match).inserted {
                ports.append(match)
                checkServed(match, to, item.position)
            } else {
                warning(item.position, "the port \(match) is in this list twice")
            }
        }
        return ports
    }

    /// Warns where a port can match nothing at any destination of the rule.
    private mutating func checkServed(_ match: TrafficMatch, _ to: [Rule.Peer], _ position: Position) {
        var services: [String] = []
        for peer in to {
            guard case .service(let name) = peer else { return }
            services.append(name)
        }
        let isServed = services.contains { name in
            // A service whose ports are all wrong has been reported.
            servedPorts[name].map { $0.isEmpty || $0.contains { $0.match.overlaps(match) } } ?? true
        }
        guard !isServed, let first = services.first else { return }
        warning(
            position,
            services.count == 1
                ? "the service \(quoted(first)) has no port \(match)" : "none of the services has the port \(match)",
            "the rule opens nothing there")
    }
}
