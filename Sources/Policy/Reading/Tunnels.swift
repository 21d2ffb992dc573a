internal import Net

/// Tunnels: what services say of those that they send through, and interfaces of those that end there.
extension DocumentReader {
    /// `port` and `vni` of a service whose method is known.
    mutating func tunnel(_ fields: Fields, _ service: inout Service) {
        let (method, encapsulation) = (service.forward.rawValue, service.forward.encapsulation)
        if let standard = encapsulation?.standardPort {
            service.tunnelPort = fields["port"].flatMap { integer($0, "the port", in: 1...UInt16.max) } ?? standard
        } else if let node = fields["port"] {
            warning(
                node.position, "the port is of no use with forward \(method)",
                "it is the tunnel's, of gue, vxlan and geneve; ports of the service stand under ports")
        }
        if encapsulation?.hasNetworks ?? false {
            if let node = fields["vni"] {
                service.vni = vni(node) ?? 0
            } else {
                error(
                    fields.position, "forward \(method) needs the key \"vni\"",
                    "it is the number of the virtual network, 0 to \(Service.highestVNI)")
            }
        } else if let node = fields["vni"] {
            warning(node.position, "the VNI is of no use with forward \(method)", "it is for vxlan and geneve")
        }
    }

    private mutating func vni(_ node: Node) -> UInt32? { integer(node, "the VNI", in: 0...Service.highestVNI) }

    /// What IPv6 asks of every link (RFC 8200, section 5), and IPv4 of every host (RFC 1122, section 3.3.2).
    private static let smallestMTU: (v4: UInt16, v6: UInt16) = (576, 1280)

    mutating func mtu(_ node: Node, _ service: Service) -> UInt16? {
        guard let mtu = integer(node, "the MTU", in: Self.smallestMTU.v4...UInt16.max - 1) else { return nil }
        let outer = service.backends.map { service.forward.overhead(to: $0.address.family) }.max() ?? 0
        if Int(mtu) - outer < Int(Self.smallestMTU.v6), service.vips.contains(where: { $0.family == .v6 }) {
            warning(
                node.position, "an MTU of \(mtu) leaves less than \(Self.smallestMTU.v6) bytes for packets of IPv6",
                "no sender makes them smaller; \(Int(Self.smallestMTU.v6) + outer) is enough")
        }
        return mtu
    }

    /// `decapsulate`: words, or a word with what is not standard about it.
    mutating func decapsulate(_ node: Node) -> [Decapsulation] {
        var found: [Decapsulation] = []
        for item in items(node, "decapsulate") ?? [] {
            guard let one = decapsulation(item) else { continue }
            if found.contains(one) {
                warning(item.position, "\(one.encapsulation.rawValue) is in this list twice")
            } else if found.contains(where: { $0.encapsulation == one.encapsulation }) {
                error(
                    item.position, "\(one.encapsulation.rawValue) is in this list already, and otherwise",
                    "one port each; list all VNIs together")
            } else if let other = found.first(where: { $0.port == one.port && one.port != 0 }) {
                error(
                    item.position,
                    "\(one.encapsulation.rawValue) cannot have the port \(one.port), "
                        + "which is that of \(other.encapsulation.rawValue)")
            } else {
                found.append(one)
            }
        }
        return found
    }

    private mutating func decapsulation(_ node: Node) -> Decapsulation? {
        guard case .mapping(let entries) = node.content else {
            let word: Decapsulation.Encapsulation? = word(node, "the encapsulation")
            return word.map { Decapsulation($0) }
        }
        guard entries.count == 1, let entry = entries.first else {
            error(node.position, "one encapsulation to an item", "write - vxlan: {vnis: [5000]}")
            return nil
        }
        let name = Node(content: .scalar(entry.key, quoted: false), position: entry.position)
        let encapsulation: Decapsulation.Encapsulation? = word(name, "the encapsulation")
        guard let encapsulation, let fields = fields(entry.value, .decapsulation, at: entry.position) else {
            return nil
        }
        var one = Decapsulation(encapsulation)
        if let node = fields["port"] {
            if encapsulation.standardPort == nil {
                error(node.position, "\(encapsulation.rawValue) has no port", "only gue, vxlan and geneve have one")
            } else {
                one.port = integer(node, "the port", in: 1...UInt16.max) ?? one.port
            }
        }
        if let node = fields["vnis"] {
            if encapsulation.hasNetworks {
                one.vnis = vnis(node)
            } else {
                error(node.position, "\(encapsulation.rawValue) has no VNIs", "only vxlan and geneve have them")
            }
        }
        return one
    }

    private mutating func vnis(_ node: Node) -> [UInt32] {
        var vnis: Set<UInt32> = []
        for item in items(node, "vnis", emptyHint: "leave it out to take packets of every virtual network") ?? [] {
            guard let vni = vni(item) else { continue }
            if !vnis.insert(vni).inserted { warning(item.position, "the VNI \(vni) is in this list twice") }
        }
        return vnis.sorted()
    }
}
