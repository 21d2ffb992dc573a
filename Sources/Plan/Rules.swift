import Policy

/// Turns the document's rules into the state's: peers become sets and services by index, in order of precedence.
struct RuleCompiler {
    var sets: AddressSets
    let services: [String: Int]
    var problems: [Diagnostic] = []

    init(_ document: Document) {
        sets = AddressSets(document.identities)
        services = Dictionary(document.services.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    mutating func compile(_ rules: [Rule]) -> [RuleState] {
        let states = rules.map { rule in
            RuleState(
                name: rule.name, from: sources(of: rule), to: destinations(of: rule), ports: rule.ports,
                action: rule.action, priority: rule.priority, slot: 0, position: rule.position)
        }
        return states.enumerated().sorted { ($0.element.precedence, $0.offset) < ($1.element.precedence, $1.offset) }
            .map(\.element)
    }

    private mutating func sources(of rule: Rule) -> [Int]? {
        guard !rule.from.contains(.any) else { return nil }
        var found: [Int] = []
        for peer in rule.from {
            if let indices = resolve(peer, in: rule) {
                found += indices
            } else {
                problems.append(Diagnostic(.error, at: rule.position, "\(rule.name) has a source that is no address"))
            }
        }
        return Array(Set(found)).sorted()
    }

    /// Where a service may be used from.
    mutating func sources(_ peers: [Rule.Peer], of service: Service) -> [Int] {
        var found: Set<Int> = []
        for peer in peers {
            switch peer {
            case .cidr(let prefix, let except): found.insert(sets.cidr(prefix, except: except))
            case .identity(let name):
                if let index = sets.identity(name) {
                    found.insert(index)
                } else {
                    let hint = suggestion(for: name, among: sets.sets.compactMap(\.identity).sorted())
                    problems.append(
                        Diagnostic(.error, at: service.position, "there is no identity \"\(name)\"", hint: hint))
                }
            case .any, .world, .node, .labels, .service:
                problems.append(
                    Diagnostic(.error, at: service.position, "\(service.name) has a source that is no address"))
            }
        }
        return found.sorted()
    }

    private mutating func destinations(of rule: Rule) -> [RuleState.Destination] {
        guard !rule.to.contains(.any) else { return [.any] }
        var found: [RuleState.Destination] = []
        for peer in rule.to {
            switch peer {
            case .node: found.append(.node)
            case .service(let name):
                if let index = services[name] {
                    found.append(.service(index))
                } else {
                    unknown("service", name, among: Array(services.keys), in: rule)
                }
            default: found += (resolve(peer, in: rule) ?? []).map(RuleState.Destination.set)
            }
        }
        var seen: Set<RuleState.Destination> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// The sets that a peer stands for; `nil` where it stands for no addresses.
    private mutating func resolve(_ peer: Rule.Peer, in rule: Rule) -> [Int]? {
        switch peer {
        case .any, .node, .service: return nil
        case .world: return [sets.everythingElse()]
        case .labels(let labels): return sets.identities(carrying: labels)
        case .cidr(let prefix, let except): return [sets.cidr(prefix, except: except)]
        case .identity(let name):
            if let index = sets.identity(name) { return [index] }
            unknown("identity", name, among: sets.sets.compactMap(\.identity), in: rule)
            return []
        }
    }

    private mutating func unknown(_ kind: String, _ name: String, among names: [String], in rule: Rule) {
        let hint = suggestion(for: name, among: names.sorted())
        problems.append(Diagnostic(.error, at: rule.position, "there is no \(kind) \"\(name)\"", hint: hint))
    }
}

extension RuleState {
    /// Lower goes first.
    fileprivate var precedence: Int { -2 * Int(priority) + (action == .deny ? 0 : 1) }
}
