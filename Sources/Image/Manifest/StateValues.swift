internal import Net
internal import Plan
internal import Policy

extension InterfaceState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.number(index)
        writer.signed(mtu)
        writer.optional(mac)
        writer.name(mode)
        if case .fixed(let hop) = nextHop { writer.optional(hop) } else { writer.flag(false) }
        writer.list(decapsulate)
        writer.list(tunnelSources)
        writer.number(slot)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(
            name: try reader.text(), index: try reader.number(), mtu: try reader.signed(), mac: try reader.optional(),
            mode: try reader.name(), slot: 0)
        if let hop = try reader.optional(MACAddress.self) { nextHop = .fixed(hop) }
        decapsulate = try reader.list()
        tunnelSources = try reader.list()
        slot = try reader.number()
    }
}

extension Decapsulation: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.name(encapsulation)
        writer.number(port)
        writer.number(UInt(vnis.count))
        for vni in vnis { writer.number(vni) }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(try reader.name(), port: try reader.number())
        for _ in 0..<(try reader.count()) { vnis.append(try reader.number()) }
    }
}

extension AddressSet: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.flag(identity != nil)
        if let identity { writer.text(identity) }
        writer.list(parts)
        writer.flag(complement)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let identity = try reader.flag() ? try reader.text() : nil
        self.init(identity: identity, parts: try reader.list(), complement: try reader.flag())
    }
}

extension AddressSet.Part: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.list(prefixes)
        writer.list(except)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(prefixes: try reader.list(), except: try reader.list())
    }
}

extension RuleState.Destination: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        switch self {
        case .any: writer.byte(0)
        case .node: writer.byte(1)
        case .set(let index):
            writer.byte(2)
            writer.number(UInt(index))
        case .service(let index):
            writer.byte(3)
            writer.number(UInt(index))
        }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        switch try reader.byte() {
        case 0: self = .any
        case 1: self = .node
        case 2: self = .set(Int(try reader.number(UInt32.self)))
        case 3: self = .service(Int(try reader.number(UInt32.self)))
        default: throw .corrupt("an unknown kind of destination")
        }
    }
}

extension RuleState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.flag(from != nil)
        if let from {
            writer.number(UInt(from.count))
            for set in from { writer.number(UInt(set)) }
        }
        writer.list(to)
        writer.flag(ports != nil)
        if let ports { writer.list(ports) }
        writer.name(action)
        writer.signed(Int(priority))
        writer.number(slot)
        writer.position(position)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let name = try reader.text()
        var from: [Int]?
        if try reader.flag() {
            from = []
            for _ in 0..<(try reader.count()) { from?.append(Int(try reader.number(UInt32.self))) }
        }
        self.init(
            name: name, from: from, to: try reader.list(), ports: try reader.flag() ? try reader.list() : nil,
            action: try reader.name(), priority: try reader.signed(), slot: try reader.number(),
            position: try reader.sourcePosition())
    }
}

/// Without the slots' arrays, which the image has anyway.
extension ServiceState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.list(vips)
        writer.list(vipPrefixes)
        writer.list(ports)
        for port in ports { writer.number(targets[port] ?? 0) }
        writer.flag(quic != nil)
        if let quic {
            for length in [quic.idOffset, quic.idLength, quic.cidLength] { writer.byte(UInt8(length)) }
        }
        writer.flag(sources != nil)
        if let sources {
            writer.number(UInt(sources.count))
            for set in sources { writer.number(UInt(set)) }
        }
        writer.name(forward)
        writer.number(masquerade?.lowerBound ?? 0)
        writer.number(masquerade?.upperBound ?? 0)
        writer.name(scheduler)
        writer.signed(drainTime)
        writer.name(unavailable)
        writer.list(groups)
        writer.signed(affinity)
        writer.list(backends)
        writer.number(slot)
        writer.number(slots.drainEnd)
        writer.number(tunnelPort)
        writer.number(vni)
        writer.number(mtu ?? 0)
        writer.list(zoneSlots)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        let (name, vips) = (try reader.text(), try reader.list(IPAddress.self))
        let prefixes = try reader.list(Prefix.self)
        let ports = try reader.list(TrafficMatch.self)
        var targets: [TrafficMatch: UInt16] = [:]
        for port in ports {
            let target: UInt16 = try reader.number()
            if target > 0 { targets[port] = target }
        }
        var quic: Service.QUIC?
        if try reader.flag() {
            quic = Service.QUIC()
            quic?.idOffset = Int(try reader.byte())
            quic?.idLength = Int(try reader.byte())
            quic?.cidLength = Int(try reader.byte())
        }
        var sources: [Int]?
        if try reader.flag() {
            sources = []
            for _ in 0..<(try reader.count()) { sources?.append(Int(try reader.number(UInt32.self))) }
        }
        let forward: Service.Forward = try reader.name()
        let (first, last): (UInt16, UInt16) = (try reader.number(), try reader.number())
        guard first <= last else { throw .corrupt("a range of ports that ends before it starts") }
        self.init(
            name: name, vips: vips, ports: ports, targets: targets, forward: forward,
            masquerade: first > 0 ? first...last : nil, scheduler: try reader.name(), drainTime: try reader.signed(),
            backends: [], slot: 0)
        vipPrefixes = prefixes
        self.quic = quic
        self.sources = sources
        unavailable = try reader.name()
        groups = try reader.list()
        affinity = try reader.signed()
        backends = try reader.list()
        slot = try reader.number()
        slots.drainEnd = try reader.number()
        tunnelPort = try reader.number()
        vni = try reader.number()
        let mtu: UInt16 = try reader.number()
        self.mtu = mtu == 0 ? nil : mtu
        zoneSlots = try reader.list()
    }
}

extension ZoneSlots: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(zone)
        writer.number(slots.drainEnd)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(zone: try reader.text(), slots: ServiceSlots(drainEnd: try reader.number()))
    }
}

extension ZoneState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.number(UInt(set))
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(name: try reader.text(), set: Int(try reader.number(UInt32.self)))
    }
}

extension GroupState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        writer.number(weight)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(name: try reader.text(), weight: try reader.number())
    }
}

extension BackendState: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.text(name)
        address.write(to: &writer)
        writer.number(weight)
        writer.flag(group != nil)
        if let group { writer.text(group) }
        writer.flag(zone != nil)
        if let zone { writer.text(zone) }
        writer.signed(slowStart)
        writer.number(rampStart)
        writer.number(drainEnd)
        writer.optional(mac)
        writer.byte(UInt8(quicID?.count ?? 0))
        for byte in quicID ?? [] { writer.byte(byte) }
        writer.flag(draining)
        writer.optional(tunnelSource)
        writer.number(slot)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init(
            name: try reader.text(), address: try IPAddress(from: &reader), weight: try reader.number(), slot: 0)
        if try reader.flag() { group = try reader.text() }
        if try reader.flag() { zone = try reader.text() }
        slowStart = try reader.signed()
        rampStart = try reader.number()
        drainEnd = try reader.number()
        mac = try reader.optional()
        let length = try reader.byte()
        guard length <= Service.QUIC.longestID else { throw .corrupt("an id longer than ids are") }
        if length > 0 { quicID = [] }
        for _ in 0..<length { quicID?.append(try reader.byte()) }
        draining = try reader.flag()
        tunnelSource = try reader.optional()
        slot = try reader.number()
    }
}

extension FlowSettings: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        for seconds in [idleTCP, idleUDP, idleSCTP] { writer.signed(seconds) }
        writer.flag(newFlows != nil)
        if let newFlows { writer.signed(newFlows) }
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init()
        idleTCP = try reader.signed()
        idleUDP = try reader.signed()
        idleSCTP = try reader.signed()
        newFlows = try reader.flag() ? try reader.signed() : nil
    }
}

extension State: ManifestValue {
    func write(to writer: inout ManifestWriter) {
        writer.list(interfaces)
        writer.name(ingressDefault)
        writer.flag(echoReply)
        writer.name(clients)
        writer.flag(clientGroup != nil)
        if let clientGroup { writer.text(clientGroup) }
        flows.write(to: &writer)
        writer.list(sets)
        writer.list(rules)
        writer.list(zones)
        writer.list(services)
        writer.list(nodeAddresses)
    }

    init(from reader: inout ManifestReader) throws(ImageError) {
        self.init()
        interfaces = try reader.list()
        ingressDefault = try reader.name()
        echoReply = try reader.flag()
        clients = try reader.name()
        clientGroup = try reader.flag() ? try reader.text() : nil
        flows = try FlowSettings(from: &reader)
        sets = try reader.list()
        rules = try reader.list()
        zones = try reader.list()
        services = try reader.list()
        nodeAddresses = try reader.list()
        try checkReferences()
    }

    private func checkReferences() throws(ImageError) {
        for service in services where !(service.sources ?? []).allSatisfy({ $0 < sets.count }) {
            throw .corrupt("service '\(service.name)' refers to what is not there")
        }
        guard zones.allSatisfy({ $0.set < sets.count }) else { throw .corrupt("a zone refers to what is not there") }
        for rule in rules {
            let known = rule.to.allSatisfy { destination in
                switch destination {
                case .any, .node: true
                case .set(let set): set < sets.count
                case .service(let service): service < services.count
                }
            }
            guard known, (rule.from ?? []).allSatisfy({ $0 < sets.count }) else {
                throw .corrupt("rule '\(rule.name)' refers to what is not there")
            }
        }
    }
}
