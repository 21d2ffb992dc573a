internal import Net

/// `services`.
extension DocumentReader {
    mutating func services(_ node: Node) {
        for entry in entries(node, "services") {
            let isNew = define(entry, .service)
            guard let fields = fields(entry.value, .service, at: entry.position) else { continue }
            var service = Service(name: entry.key, position: entry.position)
            let vips = fields["vips"].map { self.vips($0) } ?? []
            service.vips = vips.map(\.address)
            if let node = fields["ports"] { service.ports = servicePorts(node) }
            let forward: Service.Forward? = fields["forward"].flatMap {
                word($0, "forward", unsupported: ["gue", "vxlan", "geneve", "nat"])
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
            if let node = fields["affinity"] {
                service.affinity = positiveDuration(node, "the affinity", "leave it out for none") ?? service.affinity
            }
            var areBackendsRead = true
            if let node = fields["backends"] {
                let entries = entries(node, "backends")
                service.backends = backends(entries, service.groups, forward)
                areBackendsRead = service.backends.count == entries.count
            }
            if areBackendsRead { checkMembers(of: service) }
            if let forward {
                service.forward = forward
                if areBackendsRead { checkReach(service, vips) }
            }
            guard isNew else { continue }
            claim(service)
            document.services.append(service)
        }
    }

    private mutating func vips(_ node: Node) -> [(address: IPAddress, position: Position)] {
        var vips: [(address: IPAddress, position: Position)] = []
        var seen: Set<IPAddress> = []
        for item in items(node, "vips", emptyHint: "a service needs an address") ?? [] {
            guard let address = hostAddress(item, "the VIP") else { continue }
            if seen.insert(address).inserted {
                vips.append((address, item.position))
            } else {
                warning(item.position, "the VIP \(address) is in this list twice")
            }
        }
        return vips
    }

    private mutating func servicePorts(_ node: Node) -> [Service.Port] {
        var ports: [Service.Port] = []
        var seen: Set<TrafficMatch> = []
        for item in items(node, "ports", emptyHint: "a service needs a port") ?? [] {
            guard let match = servicePort(item) else { continue }
            if seen.insert(match).inserted {
                ports.append(Service.Port(match: match, position: item.position))
            } else {
                warning(item.position, "the port \(match) is in this list twice")
            }
        }
        return ports
    }

    private mutating func servicePort(_ item: Node) -> TrafficMatch? {
        var node = item
        if case .mapping = item.content {
            guard let port = fields(item, .servicePort, at: item.position)?["port"] else { return nil }
            node = port
        }
        guard let match = traffic(node) else { return nil }
        if match.ipProtocol == .sctp {
            error(node.position, "services on sctp are not supported by this version", "use tcp or udp")
            return nil
        }
        guard match.ipProtocol.hasPorts, match != TrafficMatch(match.ipProtocol) else {
            error(node.position, "a service cannot have the port \(match)", "use a port of tcp or udp, as 443/tcp")
            return nil
        }
        guard match.selectors.count == 1 else {
            error(
                node.position, "port ranges of services are not supported by this version", "list the ports one by one")
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
            backend.group = group(of: entry, fields["group"], among: groups)
            if let node = fields["mac"] {
                backend.mac = mac(node, "the MAC")
                if forward == .ipip {
                    warning(node.position, "the MAC is of no use with forward ipip", "it is for forward direct")
                }
            }
            backends.append(backend)
        }
        return backends
    }

    /// `direct` leaves the packet as it is, so that only a backend of the VIP's family can receive it; `ipip` carries
    /// every family in every other.
    private mutating func checkReach(_ service: Service, _ vips: [(address: IPAddress, position: Position)]) {
        guard service.forward == .direct, !service.backends.isEmpty else { return }
        let families = Set(service.backends.map(\.address.family))
        for vip in vips where !families.contains(vip.address.family) {
            error(
                vip.position, "no backend of \(quoted(service.name)) can be reached from the VIP \(vip.address)",
                "forward direct needs backends of the same family; ipip does not")
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

    private mutating func claim(_ service: Service) {
        for port in service.ports {
            for vip in service.vips {
                let claim = Claim(vip: vip, port: port.match)
                guard let first = claims[claim] else {
                    claims[claim] = (service.name, port.position)
                    continue
                }
                error(
                    port.position, "\(port.match) of \(vip) belongs to the service \(quoted(first.service)) already",
                    "the first is at \(first.position)")
            }
        }
    }
}
