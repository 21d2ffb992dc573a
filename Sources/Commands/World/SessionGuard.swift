import Net
import Plan
import Policy

/// The shell session that a command is typed in, where it came over the network.
struct SessionGuard: Equatable {
    var client: IPAddress
    var server: IPAddress
    var port: UInt16

    /// - Parameter connection: `SSH_CONNECTION` of sshd: client address and port, server address and port.
    init?(connection: String) {
        let fields = connection.split(separator: " ")
        guard fields.count == 4, let client = Self.address(fields[0]), let server = Self.address(fields[2]),
            let port = UInt16(fields[3])
        else { return nil }
        (self.client, self.server, self.port) = (client, server, port)
    }

    /// Link-local addresses come with their link (`fe80::1%eth0`).
    private static func address(_ text: Substring) -> IPAddress? { IPAddress(text.prefix { $0 != "%" }) }

    /// Says so where `state` denies the session's packets, which ends it at the next one.
    func warning(about state: State) -> String? {
        let service = state.services.firstIndex {
            $0.hasVIP(server) && $0.ports.contains { $0.contains(.tcp, port) }
        }
        let sources = service.flatMap { state.services[$0].sources }
        if let service, let sources, !sources.contains(where: { state.sets[$0].contains(client) }) {
            return "the sources of \(state.services[service].name) leave out \(client), from which this is typed"
        }
        let rule = state.rules.first { decides($0, in: state, service: service) }
        guard (rule?.action ?? state.ingressDefault) == .deny else { return nil }
        let decision = rule.map { "policy \($0.name)" } ?? "the default"
        return "\(decision) denies \(client) -> \(endpoint(server, port))/tcp, the SSH session that this is typed in"
    }

    /// Rules stand by falling precedence, so the first that matches decides.
    private func decides(_ rule: RuleState, in state: State, service: Int?) -> Bool {
        let fromClient = rule.from.map { $0.contains { state.sets[$0].contains(client) } } ?? true
        let toServer = rule.to.contains { destination in
            switch destination {
            case .any: true
            case .node: service == nil
            case .set(let index): state.sets[index].contains(server)
            case .service(let index): index == service
            }
        }
        let onPort = rule.ports.map { $0.contains { $0.contains(.tcp, port) } } ?? true
        return fromClient && toServer && onPort
    }
}

extension Environment {
    func warnIfCut(by state: State) {
        let warning = variables["SSH_CONNECTION"].flatMap(SessionGuard.init(connection:))?.warning(about: state)
        if let warning { warn(warning) }
    }
}

extension Document {
    /// What the rules mean, apart from the machine: interfaces are taken to be there, and who serves is left out.
    func rulesAlone() throws -> State {
        var document = self
        for index in document.services.indices { document.services[index].backends = [] }
        let links = interfaces.enumerated().map { number, interface in
            NodeFacts.Link(name: interface.name, index: UInt32(number + 1), mtu: 1500, mac: nil, addresses: [])
        }
        return try compile(document, facts: NodeFacts(links: links))
    }
}
