import Net
import Packets
import Policy

/// Random documents whose sets, rules and services meet often enough to disagree about.
///
/// Everything happens in a few small networks, so that prefixes nest and overlap, VIPs lie in sets that rules name, and
/// ports of rules are ports of services.
struct RandomDocument {
    private var random: SplitMix64
    private(set) var document = Document()
    private let here = Position(file: "random")

    init(seed: UInt64, interface: String) {
        random = SplitMix64(seed: seed)
        document.defaults.ingress = random.chance(20) ? .allow : .deny
        document.defaults.echoReply = random.chance(50)
        document.interfaces = [nic(interface)]
        if random.chance(70) { document.interfaces.append(Interface(name: "far", position: here)) }
        if random.chance(50) { document.defaults.masqueradePorts = 20000...random.pick([20000, 20003, 29999]) }
        document.identities = (0..<Int.random(in: 0...6, using: &random)).map { identity($0) }
        document.zones = random.chance(50) ? zones() : []
        document.services = (0..<Int.random(in: 0...5, using: &random)).map { service($0) }
        document.rules = (0..<Int.random(in: 0...12, using: &random)).map { rule($0) }
    }

    static let vips: [IPAddress] = [
        "192.0.2.10", "192.0.2.11", "192.0.2.12", "2001:db8::10", "2001:db8::11", "2001:db8::12",
    ].map { IPAddress($0)! }
    static let ports: [UInt16] = [53, 80, 443, 8080]
    private static let hosts: [IPAddress] = [
        "10.1.0.1", "10.1.0.2", "10.1.0.77", "10.1.1.1", "10.2.3.4", "172.16.0.9", "2001:db8:1::1", "2001:db8:1::2",
        "2001:db8:1:1::1", "2001:db8:2::5", "fd00::9",
    ].map { IPAddress($0)! }

    private static let tunnels: [Decapsulation] = [
        .ipip, Decapsulation(.gue), Decapsulation(.vxlan, port: 8472, vnis: [7, 5000, 0xFFFFFF]),
        Decapsulation(.geneve),
    ]

    /// What random packets should meet: the hosts that sets are made of, VIPs, the node, and what is impossible.
    func interests(node: KernelNode) -> PacketGenerator.Interests {
        let impossible = ["127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "240.0.0.1", "::1", "::", "ff02::1"]
            .map { IPAddress($0)! }
        let edges = document.identities.flatMap { $0.cidrs + $0.except }.flatMap { [$0.address, $0.last] }
        let inPrefixes = document.services.flatMap(\.vipPrefixes).flatMap { [$0.address, $0.last] }
        return PacketGenerator.Interests(
            sources: Self.hosts + Self.hosts + edges + impossible.prefix(4) + [node.addresses[0]],
            destinations: Self.vips + Self.vips + inPrefixes + Self.hosts + node.addresses + impossible,
            ports: Self.ports,
            services: document.services.flatMap(Self.places), tunnelEnds: node.addresses,
            tunnelPorts: [.gue: 6080, .vxlan: 8472, .geneve: 6081], networks: [0, 7, 5000], datagrams: Self.datagrams)
    }

    /// The edges of what a service answers on, and what is just outside.
    private static func places(_ service: Service) -> [PacketGenerator.Interests.Service] {
        let addresses = service.vips + service.vipPrefixes.flatMap { [$0.address, $0.last] }
        return addresses.flatMap { vip in
            service.ports.map(\.match).flatMap { match in
                let (first, last) = (match.selectors.lowerBound, match.selectors.upperBound)
                let ports = first == last ? [first] : [first, last, last &+ 1, first / 2 + last / 2]
                return ports.map { PacketGenerator.Interests.Service(vip, match.ipProtocol, $0) }
            }
        }
    }

    private mutating func nic(_ name: String) -> Interface {
        var nic = Interface(name: name, position: here)
        if random.chance(30) { nic.nextHop = .fixed(MACAddress("02:00:00:00:00:99")!) }
        nic.decapsulate = Self.tunnels.filter { _ in random.chance(50) }
        return nic
    }

    private mutating func identity(_ number: Int) -> Identity {
        var identity = Identity(name: "set-\(number)", position: here)
        let prefixes = (0..<Int.random(in: 0...4, using: &random)).map { _ in prefix() }
        identity.cidrs = Array(Set(prefixes)).sorted()
        identity.except = exceptions(in: identity.cidrs)
        identity.labels = ["tier": random.pick(["web", "db"])]
        return identity
    }

    private mutating func prefix() -> Prefix {
        let host = random.pick(Self.hosts + Self.vips + Self.prefixes.map(\.last))
        let length =
            host.family == .v4
            ? random.pick([0, 8, 15, 16, 17, 23, 24, 25, 30, 31, 32, 32, 32])
            : random.pick([0, 16, 32, 33, 47, 48, 63, 64, 65, 112, 126, 128, 128, 128])
        return Prefix(masking: host, length: length)!
    }

    private mutating func exceptions(in prefixes: [Prefix]) -> [Prefix] {
        (0..<2).compactMap { _ in
            let candidate = prefix()
            let isInside = prefixes.contains { $0.contains(candidate) && $0 != candidate }
            return isInside && !prefixes.contains(candidate) ? candidate : nil
        }
    }

    private mutating func service(_ number: Int) -> Service {
        var service = Service(name: "service-\(number)", position: here)
        service.forward = random.chance(30) ? .direct : random.pick(Service.Forward.allCases + [.nat])
        service.masquerade = service.forward == .nat && random.chance(50)
        service.tunnelPort = service.forward.encapsulation?.standardPort ?? 0
        if service.forward.hasNetworks { service.vni = random.pick([0, 5000, 0xFFFFFF]) }
        if random.chance(20) { service.mtu = random.pick([1300, 1450]) }
        // One port of its own per service: no two answer in the same place.
        let port = Self.ports[number % Self.ports.count] + (number < Self.ports.count ? 0 : 1000)
        let family: IPAddress.Family = random.pick(IPAddress.Family.allCases)
        let vips = service.forward.encapsulation == nil ? Self.vips.filter { $0.family == family } : Self.vips
        service.vips = Array(Set((0..<Int.random(in: 1...3, using: &random)).map { _ in random.pick(vips) })).sorted()
        let protocols: [IPProtocol] = random.pick([[.tcp], [.udp], [.tcp, .udp]])
        let target: UInt16? = service.forward == .nat && random.chance(60) ? 8443 : nil
        service.ports = protocols.map {
            Service.Port(match: TrafficMatch($0, port: port), target: target, position: here)
        }
        widen(&service, number)
        // A target is for single addresses, and sctp's ports are not translated.
        if !service.vipPrefixes.isEmpty { for index in service.ports.indices { service.ports[index].target = nil } }
        if service.masquerade { service.ports.removeAll { $0.match.ipProtocol == .sctp } }
        if random.chance(25) { service.sources = (0..<random.pick([1, 2])).map { _ in limit() } }
        service.drainTime = random.chance(80) ? 3600 : 0
        if random.chance(60) { service.scheduler = random.pick(Service.Scheduler.allCases) }
        if random.chance(25) { service.affinity = 3600 }
        service.backends = backends(
            service.forward.encapsulation == nil ? family : nil, ownToo: service.forward == .nat)
        service.unavailable = random.pick([.drop, .reset, .unreachable])
        if random.chance(30) { split(&service) }
        if random.chance(30) { nameBackends(of: &service) }
        if service.scheduler == .maglev, random.chance(60) {
            for index in service.backends.indices {
                service.backends[index].zone =
                    random.chance(70) ? document.zones.randomElement(using: &random)?.name : nil
            }
        }
        return service
    }

    /// Ranges, whole protocols and prefixes, none of which another service has: a range of its own beside its port, and
    /// the one whole protocol that no other service uses on addresses of its own.
    private mutating func widen(_ service: inout Service, _ number: Int) {
        if random.chance(40) {
            let first = 9000 + UInt16(number) * 100
            let range = random.chance(50) ? first...first + 99 : first + 37...first + 65
            service.ports.append(
                Service.Port(match: TrafficMatch(random.pick([.tcp, .udp, .sctp]), range), position: here))
        }
        if random.chance(40) {
            let family = service.vips[0].family
            let prefixes = Self.prefixes.filter { service.forward == .ipip || $0.family == family }
            service.vipPrefixes = Array(
                Set((0..<random.pick([1, 1, 2])).map { _ in random.pick(prefixes) })
            ).sorted()
        }
        guard random.chance(20) else { return }
        let own = Self.ownPrefixes[number % Self.ownPrefixes.count]
        guard service.forward == .ipip || own.family == service.vips[0].family, number < Self.ownPrefixes.count else {
            return
        }
        service.vips = []
        service.vipPrefixes = [own]
        service.ports = [IPProtocol.tcp, .udp, .sctp].map { Service.Port(match: TrafficMatch($0), position: here) }
    }

    /// In QUIC connection IDs: the second byte, so that random ones hit it now and then.
    private mutating func nameBackends(of service: inout Service) {
        var quic = Service.QUIC()
        quic.idLength = random.pick([1, 1, 2])
        quic.cidLength = random.pick([3, 8])
        service.quic = quic
        for index in service.backends.indices where random.chance(80) {
            service.backends[index].quicID = Array(Self.serverIDs[index % Self.serverIDs.count].prefix(quic.idLength))
        }
    }

    private static let serverIDs: [[UInt8]] = [[1, 0], [2, 0], [3, 0], [0, 0]]

    /// Payloads of QUIC packets, short and long, whose connection IDs hold the ids of backends or others.
    private static let datagrams: [[UInt8]] = {
        var datagrams: [[UInt8]] = [[0x40], [0xE0, 0, 0, 0, 1, 3, 0x47, 1, 0], [0xE0, 0, 0, 0, 1]]
        let versions: [[UInt8]] = [[0, 0, 0, 1], [0x6B, 0x33, 0x43, 0xCF], [0, 0, 0, 7]]
        let longForms: [UInt8] = [0xC0, 0xD0, 0xE0, 0xF0]
        for id in serverIDs {
            let cid: [UInt8] = [0x47] + id + [9, 9, 9, 9, 9]
            for form in longForms {
                for version in versions { datagrams.append([form] + version + [8] + cid + [0, 0, 0]) }
            }
            datagrams.append([0x40] + cid + [0, 0, 0])
            datagrams.append([0x40] + cid)
            datagrams.append([0x40] + cid.prefix(3))
            datagrams.append([0x10] + cid)
        }
        return datagrams
    }()

    /// Who may use a service at all.
    private mutating func limit() -> Rule.Peer {
        document.identities.isEmpty || random.chance(50)
            ? .cidr(prefix(), except: []) : .identity(random.pick(document.identities).name)
    }

    /// They hold some VIPs and hosts, and each other.
    static let prefixes = ["192.0.2.8/29", "192.0.2.0/24", "10.1.0.0/30", "2001:db8::/124", "2001:db8:1::/64"]
        .compactMap { try? Prefix(parsing: $0) }
    private static let ownPrefixes = [
        "198.51.100.0/29", "198.51.100.8/29", "2001:db8:7::/126", "198.51.100.16/30", "2001:db8:8::/64",
    ].compactMap { try? Prefix(parsing: $0) }

    private mutating func backends(_ family: IPAddress.Family?, ownToo: Bool) -> [Backend] {
        let addresses = (KernelNode.backends + (ownToo ? KernelNode.addresses : [])).filter {
            family == nil || $0.family == family
        }
        return addresses.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random)).enumerated().map {
            var backend = Backend(name: "backend-\($0.element)", address: $0.element, position: here)
            backend.weight = random.pick([0, 1, 1, 2, 100])
            backend.slowStart = random.pick([0, 0, 3600])
            if random.chance(30) { backend.mac = MACAddress("02:00:00:00:00:77") }
            return backend
        }
    }

    /// In networks of the hosts, apart from each other.
    private func zones() -> [Zone] {
        [("east", ["10.1.0.0/24", "2001:db8:1::/64"]), ("west", ["10.2.0.0/16", "2001:db8:2::/48"])].map {
            name, cidrs in
            var zone = Zone(name: name, position: here)
            zone.cidrs = cidrs.compactMap { try? Prefix(parsing: $0) }
            return zone
        }
    }

    private mutating func split(_ service: inout Service) {
        service.groups = ["canary", "stable"].map {
            var group = Group(name: $0, position: here)
            group.weight = random.pick([0, 5, 95])
            return group
        }
        for index in service.backends.indices { service.backends[index].group = random.pick(["canary", "stable"]) }
    }

    private mutating func rule(_ number: Int) -> Rule {
        var rule = Rule(
            name: "rule-\(number)", from: (0..<random.pick([1, 1, 2])).map { _ in source() },
            to: (0..<random.pick([1, 1, 2])).map { _ in destination() }, position: here)
        if random.chance(60) { rule.ports = (0..<random.pick([1, 1, 3])).map { _ in match() } }
        rule.action = random.chance(65) ? .allow : .deny
        rule.priority = random.pick([0, 0, 0, 10, -10])
        return rule
    }

    private mutating func source() -> Rule.Peer {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2: return .any
        case 2: return .world
        case 3: return .labels(["tier": random.pick(["web", "db", "nobody"])])
        case 4..<6: return .cidr(prefix(), except: [])
        default: return document.identities.isEmpty ? .any : .identity(random.pick(document.identities).name)
        }
    }

    private mutating func destination() -> Rule.Peer {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2: return .any
        case 2..<4: return .node
        case 4..<6: return .cidr(prefix(), except: [])
        case 6: return document.identities.isEmpty ? .node : .identity(random.pick(document.identities).name)
        default: return document.services.isEmpty ? .any : .service(random.pick(document.services).name)
        }
    }

    private mutating func match() -> TrafficMatch {
        let port = random.pick(Self.ports)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: return TrafficMatch(random.pick([.tcp, .udp, .sctp]), port: port)
        case 4: return TrafficMatch(random.pick([.tcp, .udp]), 50...500)
        case 5: return TrafficMatch(random.pick([.tcp, .udp, .icmp, .icmpv6]))
        case 6: return TrafficMatch(.icmp, icmpType: random.pick([3, 8]))
        case 7: return TrafficMatch(.icmpv6, icmpType: random.pick([1, 128]))
        case 8: return TrafficMatch(.icmp, icmpType: 3, code: 4)
        default: return TrafficMatch(random.pick([IPProtocol(47), .ipip, .ipv6, .icmp, IPProtocol(59)]))
        }
    }
}
