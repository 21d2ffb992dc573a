internal import Net

/// `services`.
extension DocumentReader {
    mutating func services(_ node: Node) {
        for entry in entries(node, "services") {
            let isNew = define(entry, .service)
            guard let fields = fields(entry.value, .service, at: entry.position) else { continue }
            var service = Service(name: entry.key, position: entry.position)
            let vips = fields["vips"].map { self.vips($0) } ?? []
            service.vips = vips.filter(\.prefix.isHost).map(\.prefix.address)
            service.vipPrefixes = vips.map(\.prefix).filter { !$0.isHost }
            let forward: Service.Forward? = fields["forward"].flatMap { word($0, "forward") }
            if let node = fields["ports"] { service.ports = servicePorts(node, forward) }
            if let node = fields["masquerade"] {
                service.masquerade = flag(node, "masquerade") ?? false
                if service.masquerade, let forward, forward != .nat {
                    error(node.position, "masquerade is for forward nat, not for \(forward.rawValue)")
                }
            }
            if let node = fields["scheduler"] {
                service.scheduler = word(node, "the scheduler") ?? service.scheduler
                checkMeasures(service, node)
            }
            if let node = fields["drain-time"] {
                service.drainTime = duration(node, "the drain time") ?? service.drainTime
            }
            if let node = fields["unavailable"] {
                service.unavailable = word(node, "unavailable") ?? service.unavailable
            }
            if let node = fields["groups"] { service.groups = groups(node) }
            service.quic = fields["quic"].flatMap { quic($0) }
            if let node = fields["affinity"] {
                service.affinity = positiveDuration(node, "the affinity", "leave it out for none") ?? service.affinity
            }
            var areBackendsRead = true
            if let node = fields["backends"] {
                let entries = entries(node, "backends")
                service.backends = backends(entries, service.groups, forward)
                areBackendsRead = service.backends.count == entries.count
                quicIDs(of: &service, fields["quic"], entries)
            }
            if areBackendsRead { checkMembers(of: service) }
            checkZones(of: service)
            checkSlowStarts(of: service)
            if let forward {
                service.forward = forward
                if forward == .nat, let node = fields["quic"] {
                    error(node.position, "quic does not go with forward nat", "use direct or a tunnel")
                }
                tunnel(fields, &service)
                checkTranslation(service)
                if areBackendsRead { checkReach(service, vips) }
            }
            if let node = fields["mtu"] { service.mtu = mtu(node, service) }
            guard isNew else { continue }
            if let node = fields["sources"] { sourceLists.append((document.services.count, node)) }
            document.services.append(service)
        }
    }

    private mutating func vips(_ node: Node) -> [(prefix: Prefix, position: Position)] {
        var vips: [(prefix: Prefix, position: Position)] = []
        var seen: Set<Prefix> = []
        for item in items(node, "vips", emptyHint: "a service needs an address") ?? [] {
            guard let prefix = vip(item) else { continue }
            if seen.insert(prefix).inserted {
                vips.append((prefix, item.position))
            } else {
                warning(item.position, "the VIP \(prefix.shortText) is in this list twice")
            }
        }
        return vips
    }

    /// SCTP's checksum is no sum that could follow a change of ports (RFC 9260, section 6.8); addresses are not in it.
    private mutating func checkTranslation(_ service: Service) {
        for port in service.ports where service.masquerade || port.target != nil {
            if port.match.ipProtocol == .sctp {
                error(
                    port.position, "the ports of \(port.match) cannot be translated",
                    "forward nat leaves sctp's ports as they are: no target, and no masquerade")
            } else if port.target != nil, let prefix = service.vipPrefixes.first {
                error(
                    port.position, "the VIPs \(prefix) keep the port \(port.match)",
                    "a target is for single addresses: make it two services")
            }
        }
    }

    /// An address, or a prefix of nothing but addresses that hosts can have.
    private mutating func vip(_ item: Node) -> Prefix? {
        guard case .scalar(let text, _) = item.content, text.utf8.contains(UInt8(ascii: "/")) else {
            return hostAddress(item, "the VIP").map { Prefix($0) }
        }
        guard let prefix = prefix(item, "the VIP") else { return nil }
        guard let fault = prefix.hostFault else { return prefix }
        error(item.position, "the VIP cannot be the prefix \(prefix) of \(fault) addresses")
        return nil
    }

    private mutating func servicePorts(_ node: Node, _ forward: Service.Forward?) -> [Service.Port] {
        var ports: [Service.Port] = []
        var seen: Set<TrafficMatch> = []
        for item in items(node, "ports", emptyHint: "a service needs a port") ?? [] {
            guard let port = servicePort(item, forward) else { continue }
            let match = port.match
            if seen.insert(match).inserted {
                ports.append(port)
            } else {
                warning(item.position, "the port \(match) is in this list twice")
            }
        }
        return ports
    }

    private mutating func servicePort(_ item: Node, _ forward: Service.Forward?) -> Service.Port? {
        guard case .mapping = item.content else {
            return servedPort(item).map { Service.Port(match: $0, position: item.position) }
        }
        guard let fields = fields(item, .servicePort, at: item.position), let node = fields["port"],
            let match = servedPort(node)
        else { return nil }
        var port = Service.Port(match: match, position: item.position)
        if let node = fields["target"] {
            if match.selectors.count > 1 {
                error(node.position, "a range of ports has no single target", "give each port an entry of its own")
            }
            port.target = integer(node, "the target", in: 1...UInt16.max)
            if let forward, forward != .nat {
                error(
                    node.position, "forward \(forward.rawValue) leaves ports as they are",
                    "a target is for forward nat")
            }
        }
        return port
    }

    private mutating func servedPort(_ node: Node) -> TrafficMatch? {
        guard let match = traffic(node) else { return nil }
        guard match.ipProtocol.hasPorts else {
            error(
                node.position, "a service cannot have the port \(match)",
                "use tcp, udp or sctp, alone or with a port or a range, as 443/tcp")
            return nil
        }
        return match
    }

    /// One entry of a list of ports.
    mutating func traffic(_ node: Node) -> TrafficMatch? {
        guard let text = text(node, "the port") else { return nil }
        do {
            return try TrafficMatch(parsing: text)
        } catch {
            self.error(node.position, error.what, error.hint)
            return nil
        }
    }

    private mutating func backends(
        _ entries: [Node.Entry], _ groups: [Group], _ forward: Service.Forward?
    ) -> [Backend] {
        var backends: [Backend] = []
        var addresses: [IPAddress: String] = [:]
        for entry in entries {
            checkName(entry, "a backend")
            guard let fields = fields(entry.value, .backend, at: entry.position),
                let addressNode = fields["address"], let address = hostAddress(addressNode, "the address")
            else { continue }
            if let other = addresses[address] {
                error(
                    addressNode.position, "the address \(address) is that of the backend \(quoted(other)) already",
                    "give it more weight instead")
                continue
            }
            addresses[address] = entry.key
            var backend = Backend(name: entry.key, address: address, position: entry.position)
            if let node = fields["weight"] {
                backend.weight = integer(node, "the weight", in: 0...UInt16.max) ?? backend.weight
            }
            if let node = fields["slow-start"] { backend.slowStart = slowStart(node) ?? backend.slowStart }
            backend.zone = fields["zone"].flatMap { zone($0) }
            backend.group = group(of: entry, fields["group"], among: groups)
            if let node = fields["mac"] {
                backend.mac = mac(node, "the MAC")
                if let forward, forward == .nat || forward.encapsulation.map({ !$0.hasNetworks }) ?? false {
                    warning(
                        node.position, "the MAC is of no use with forward \(forward.rawValue)",
                        "it is for forward direct, vxlan and geneve")
                }
            }
            backends.append(backend)
        }
        return backends
    }

    /// `direct` leaves the packet as it is, so that only a backend of the VIP's family can receive it, and `nat` does not
    /// translate between the families; tunnels carry every family in every other.
    private mutating func checkReach(_ service: Service, _ vips: [(prefix: Prefix, position: Position)]) {
        guard service.forward != .nat else { return checkFamilies(service, vips) }
        guard service.forward == .direct, !service.backends.isEmpty else { return }
        let families = Set(service.backends.map(\.address.family))
        for vip in vips where !families.contains(vip.prefix.family) {
            error(
                vip.position,
                "no backend of \(quoted(service.name)) can be reached from the VIP \(vip.prefix.shortText)",
                "forward direct needs backends of the same family; tunnels do not")
        }
    }

    private mutating func checkMeasures(_ service: Service, _ node: Node) {
        guard service.scheduler == .latency, !service.ports.isEmpty,
            service.ports.allSatisfy({ $0.match.ipProtocol != .tcp })
        else { return }
        warning(
            node.position, "latency measures nothing without a tcp port",
            "it chooses like least-connections for other protocols")
    }

    /// Any backend may be chosen for any client, so all must be of one family.
    private mutating func checkFamilies(_ service: Service, _ vips: [(prefix: Prefix, position: Position)]) {
        for backend in service.backends {
            guard let vip = vips.first(where: { $0.prefix.family != backend.address.family }) else { continue }
            error(
                backend.position,
                "the backend \(quoted(backend.name)) at \(backend.address) cannot serve the VIP \(vip.prefix.shortText)",
                "forward nat does not translate between IPv4 and IPv6: make it two services")
        }
    }
}
