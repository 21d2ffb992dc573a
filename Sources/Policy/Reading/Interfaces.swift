internal import Net

/// `interfaces`.
extension DocumentReader {
    mutating func interfaces(_ node: Node) {
        for entry in entries(node, "interfaces") {
            checkInterfaceName(entry)
            if let known = interfaceNames[entry.key] {
                error(
                    entry.position, "the interface \(quoted(entry.key)) is here a second time",
                    "the first is at \(known)")
                continue
            }
            interfaceNames[entry.key] = entry.position
            guard let fields = fields(entry.value, .interface, at: entry.position) else { continue }
            var interface = Interface(name: entry.key, position: entry.position)
            if let node = fields["mode"] { interface.mode = word(node, "the mode") ?? interface.mode }
            if let node = fields["next-hop"], let nextHop = nextHop(node) { interface.nextHop = nextHop }
            if let node = fields["decapsulate"] { interface.decapsulate = decapsulate(node) }
            if let node = fields["tunnel-source"] { interface.tunnelSources = tunnelSources(node) }
            document.interfaces.append(interface)
        }
    }

    /// What the kernel accepts as a device's name (`dev_valid_name` in net/core/dev.c).
    private mutating func checkInterfaceName(_ entry: Node.Entry) {
        let bytes = entry.key.utf8
        let isForbidden = { (byte: UInt8) in byte <= 0x20 || byte == 0x2F || byte == 0x3A || byte == 0x7F }
        if !(1...15).contains(bytes.count) {
            error(entry.position, "the interface name \(quoted(entry.key)) must have 1 to 15 characters")
        } else if bytes.contains(where: isForbidden) || entry.key == "." || entry.key == ".." {
            error(
                entry.position, "\(quoted(entry.key)) cannot be an interface name",
                "no spaces, slashes and colons; `ip link` lists the names of this machine")
        }
    }

    private mutating func nextHop(_ node: Node) -> Interface.NextHop? {
        if case .scalar("auto", _) = node.content { return .auto }
        return mac(node, "the next hop").map(Interface.NextHop.fixed)
    }

    private mutating func tunnelSources(_ node: Node) -> [IPAddress] {
        let nodes: [Node]
        if case .scalar = node.content { nodes = [node] } else { nodes = items(node, "tunnel-source") ?? [] }
        var sources: [IPAddress] = []
        for node in nodes {
            guard let source = hostAddress(node, "the tunnel source") else { continue }
            if sources.contains(where: { $0.family == source.family }) {
                error(node.position, "a second tunnel source of the same family", "give at most one IPv4 and one IPv6")
            } else {
                sources.append(source)
            }
        }
        return sources
    }
}
