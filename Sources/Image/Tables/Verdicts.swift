internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

/// The verdicts of all rules: the two planes behind which no service stands, and the subject of each frontend.
struct Verdicts {
    let nodeBase: UInt32
    let transitBase: UInt32
    let frontends: [Frontend]
    /// By number, which begins with 1.
    let wide: [WideFrontend]
    let wideBase: UInt32
    let arrays: PagedArrays

    struct Frontend {
        var address: IPAddress
        var ipProtocol: IPProtocol
        /// 0: ICMP echo.
        var port: UInt16
        /// Index, or `FRONTEND_ECHO`.
        var service: UInt32
        var subject: UInt32
        /// The backends' port; 0: the same.
        var target: UInt16 = 0
    }

    init(_ state: State, addresses: AddressTables, classes: AddressClasses, ports: PortClasses, arrays: PagedArrays)
        throws(ImageError)
    {
        var builder = try Builder(state, classes: classes, ports: ports, arrays: arrays)
        nodeBase = builder.plane { $0.node }
        transitBase = builder.plane { $0.transit }
        (wideBase, wide) = builder.wide(classes)
        var frontends: [Frontend] = []
        for (index, service) in state.services.enumerated() {
            frontends += builder.frontends(of: service, index: index, addresses: addresses)
        }
        if state.echoReply {
            let wideServices = Dictionary(classes.wide.map { ($0.addressClass, $0.services) }) { first, _ in first }
            var services: [IPAddress: [Int]] = [:]
            for (index, service) in state.services.enumerated() {
                for vip in Set(service.vips) { services[vip, default: []].append(index) }
            }
            for (vip, services) in services.sorted(by: { $0.key < $1.key }) {
                let addressClass = Int(addresses.value(of: vip) & ADDRESS_CLASS)
                let around = wideServices[addressClass] ?? []
                frontends.append(builder.echo(vip, services: services + around, addresses: addresses))
            }
        }
        self.frontends = frontends
        self.arrays = builder.compiler.arrays
    }

    /// Rules by what they are `to`, and what becomes of them on both planes.
    ///
    /// Destination classes that are in the same sets, as far as rules are `to` sets, are one *group* and have one row.
    struct Builder {
        struct Rows {
            var node: UInt32
            var transit: UInt32
        }

        /// What decides on echo to a VIP before its services' rules.
        struct SharedEcho: Hashable {
            var group: Int
            var family: IPAddress.Family
        }

        var compiler: SubjectCompiler
        let state: State
        let ports: PortClasses
        private let toAny: [Int]
        private let toSet: [Int: [Int]]
        let toService: [Int: [Int]]
        /// Per destination class.
        private(set) var groups: [Int] = []
        /// Per group: the rules that are `to` a set of it.
        private var groupRules: [[Int]] = []
        private(set) var rows: [Rows] = []
        private var echoes: [SharedEcho: UInt32] = [:]

        init(_ state: State, classes: AddressClasses, ports: PortClasses, arrays: PagedArrays) throws(ImageError) {
            self.state = state
            self.ports = ports
            var toAny: [Int] = []
            var toNode: [Int] = []
            var toSet: [Int: [Int]] = [:]
            var toService: [Int: [Int]] = [:]
            for (rank, rule) in state.rules.enumerated() {
                for destination in Set(rule.to) {
                    switch destination {
                    case .any: toAny.append(rank)
                    case .node: toNode.append(rank)
                    case .set(let set): toSet[set, default: []].append(rank)
                    case .service(let service): toService[service, default: []].append(rank)
                    }
                }
            }
            self.toAny = toAny
            self.toSet = toSet
            self.toService = toService
            compiler = try SubjectCompiler(
                state.rules, classes: classes, portClassCount: ports.count, arrays: arrays)
            formGroups(classes)
            formRows(toNode: toNode)
        }

        private mutating func formGroups(_ classes: AddressClasses) {
            var known: [[Int32]: Int] = [:]
            for members in classes.members {
                let sets = members.filter { toSet[Int($0)] != nil }
                let group = known[sets] ?? groupRules.count
                if group == groupRules.count {
                    known[sets] = group
                    groupRules.append(Set(sets.flatMap { toSet[Int($0)] ?? [] }).sorted())
                }
                groups.append(group)
            }
        }

        private mutating func formRows(toNode: [Int]) {
            let otherwise = compiler.constant(state.ingressDefault == .allow ? CELL_ALLOW : 0)
            let plain = compiler.arrays.array(repeating: otherwise, count: ports.count)
            let transit = compiler.row(plain, adding: .init(toAny, ports: ports))
            let node = compiler.row(transit, adding: .init(toNode, ports: ports))
            for rules in groupRules {
                let layer = SubjectCompiler.Layer(rules, ports: ports)
                rows.append(
                    Rows(node: compiler.row(node, adding: layer), transit: compiler.row(transit, adding: layer)))
            }
        }

        mutating func plane(_ row: (Rows) -> UInt32) -> UInt32 {
            compiler.arrays.array(groups.map { row(rows[$0]) })
        }

        private func group(of address: IPAddress, _ addresses: AddressTables) -> Int {
            groups[Int(addresses.value(of: address) & ADDRESS_CLASS)]
        }

        /// A frontend is a destination beyond the node with the service's own rules on top.
        mutating func frontends(of service: ServiceState, index: Int, addresses: AddressTables) -> [Frontend] {
            let vips = service.vips.map { (address: $0, group: group(of: $0, addresses)) }
            var frontends: [Frontend] = []
            for match in service.ports where match.selectors.count == 1 {
                let port = match.selectors.lowerBound
                let portClass = Int(ports.portClass(match.ipProtocol, port, in: compiler.arrays))
                let rules = (toService[index] ?? []).filter { applies($0, match.ipProtocol, port) }
                var known: [UInt32: UInt32] = [:]
                for vip in vips {
                    let base = compiler.arrays.word(rows[vip.group].transit, portClass)
                    let subject =
                        known[base] ?? compiler.subject(compiler.subject(base, adding: rules), only: service.sources)
                    known[base] = subject
                    frontends.append(
                        Frontend(
                            address: vip.address, ipProtocol: match.ipProtocol, port: port, service: UInt32(index),
                            subject: subject, target: service.targets[match] ?? 0))
                }
            }
            return frontends
        }

        /// Echo to a VIP is allowed to all whom no rule denies it; rules for the VIP's services are rules for the VIP.
        mutating func echo(_ vip: IPAddress, services: [Int], addresses: AddressTables) -> Frontend {
            let subject = echo(group(of: vip, addresses), vip.family, services: services)
            return Frontend(
                address: vip, ipProtocol: vip.family == .v4 ? .icmp : .icmpv6, port: 0, service: FRONTEND_ECHO,
                subject: subject)
        }

        mutating func echo(_ group: Int, _ family: IPAddress.Family, services: [Int]) -> UInt32 {
            let request = family == .v4 ? PortClasses.echo4 : PortClasses.echo6
            let (ipProtocol, selector) = (request.ipProtocol, request.selectors.lowerBound)
            let shared = SharedEcho(group: group, family: family)
            let base: UInt32
            if let known = echoes[shared] {
                base = known
            } else {
                let rules = Set(toAny + groupRules[group]).filter { applies($0, ipProtocol, selector) }
                base = compiler.subject(compiler.constant(CELL_ALLOW), adding: rules.sorted())
                echoes[shared] = base
            }
            let rules = Set(services.flatMap { toService[$0] ?? [] }).filter { applies($0, ipProtocol, selector) }
            return compiler.subject(base, adding: rules.sorted())
        }

        private func applies(_ rule: Int, _ ipProtocol: IPProtocol, _ selector: UInt16) -> Bool {
            state.rules[rule].ports?.contains { $0.contains(ipProtocol, selector) } ?? true
        }
    }
}
