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
            if let node = fields["ports"] { service.ports = servicePorts(node) }
            let forward: Service.Forward? = fields["forward"].flatMap {
                word($0, "forward", unsupported: ["nat"])
            }
            if let node = fields["scheduler"] {
                let scheduler: Service.Scheduler? = word(
                    node, "the scheduler", unsupported: ["round-robin", "random", "least-connections", "latency"])
                service.scheduler = scheduler ?? service.scheduler
            }
            if let node = fields["drain-time"] {
                service.drainTime = duration(node, "the drain time") ?? service.drainTime
            }
            if let node = fields["unavailable"] {
                service.unavailable = word(node, "unavailable") ?? service.unavailable
            }
            if let node = fields["groups"] { service.groups = groups(node) }
            var areBackendsRead = true
            if let node = fields["backends"] {
                let entries = entries(node, "backends")
                service.backends = backends(entries, service.groups, forward)
                areBackendsRead = service.backends.count == entries.count
            }
            if areBackendsRead { checkMembers(of: service) }
            checkZones(of: service)
            checkSlowStarts(of: service)
            if let forward {
                service.forward = forward
                tunnel(fields, &service)
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
                if let forward, let encapsulation = forward.encapsulation, !encapsulation.hasNetworks {
                    warning(
                        node.position, "the MAC is of no use with forward \(forward.rawValue)",
                        "it is for forward direct, vxlan and geneve")
                }
            }
            backends.append(backend)
        }
        return backends
    }

    /// `direct` leaves the packet as it is, so that only a backend of the VIP's family can receive it; tunnels carry
    /// every family in every other.
    private mutating func checkReach(_ service: Service, _ vips: [(prefix: Prefix, position: Position)]) {
        guard service.forward == .direct, !service.backends.isEmpty else { return }
        let families = Set(service.backends.map(\.address.family))
        for vip in vips where !families.contains(vip.prefix.family) {
            error(
                vip.position,
                "no backend of \(quoted(service.name)) can be reached from the VIP \(vip.prefix.shortText)",
                "forward direct needs backends of the same family; tunnels do not")
        }
    }
}
