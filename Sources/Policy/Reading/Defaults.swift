/// `defaults`.
extension DocumentReader {
    mutating func defaults(_ node: Node) {
        guard let fields = fields(node, .defaults, at: node.position) else { return }
        if let node = setting("ingress", fields) {
            document.defaults.ingress = word(node, "the default for ingress") ?? document.defaults.ingress
        }
        if let node = setting("egress", fields), let action: Action = word(node, "the default for egress"),
            action == .deny
        {
            error(node.position, "egress \"deny\" is not supported by this version", "use allow, or leave it out")
        }
        if let node = setting("echo", fields), let echo: Echo = word(node, "echo") {
            document.defaults.echoReply = echo == .reply
        }
        if let node = setting("local-clients", fields) {
            document.defaults.clients = word(node, "local-clients") ?? document.defaults.clients
        }
        if let node = setting("client-cgroup", fields) {
            document.defaults.clientGroup = controlGroup(node) ?? document.defaults.clientGroup
        }
        if let node = setting("idle", fields), let times = self.fields(node, .idle, at: node.position) {
            var flows = document.defaults.flows
            if let node = times["tcp"] { flows.idleTCP = idleTime(node, "tcp") ?? flows.idleTCP }
            if let node = times["udp"] { flows.idleUDP = idleTime(node, "udp") ?? flows.idleUDP }
            if let node = times["sctp"] { flows.idleSCTP = idleTime(node, "sctp") ?? flows.idleSCTP }
            document.defaults.flows = flows
        }
        if let node = setting("new-flows", fields) {
            document.defaults.flows.newFlows = integer(node, "the number of new flows", in: 1...1_000_000_000)
        }
        if let node = setting("masquerade-ports", fields), let text = text(node, "the range of ports") {
            guard let ports = Self.portRange(text) else {
                error(node.position, "\(quoted(text)) is no range of ports", "write it like 61000-65535")
                return
            }
            document.defaults.masqueradePorts = ports
        }
    }

    private mutating func idleTime(_ node: Node, _ ipProtocol: String) -> Int? {
        positiveDuration(node, "the idle time of \(ipProtocol)", "a flow would be forgotten between two packets")
    }

    private static func portRange(_ text: String) -> ClosedRange<UInt16>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first > 0, first <= last else {
            return nil
        }
        return first...last
    }

    private enum Echo: String, CaseIterable { case reply, drop }

    /// A control group as `/proc/PID/cgroup` names it.
    private mutating func controlGroup(_ node: Node) -> String? {
        guard let text = text(node, "client-cgroup") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.first == "", text == "/" || parts.dropFirst().allSatisfy({ !["", ".", ".."].contains($0) }) else {
            error(
                node.position, "\(quoted(text)) is not the name of a control group",
                "write it as /proc/PID/cgroup does, from the root of cgroup v2: /system.slice")
            return nil
        }
        return text
    }

    /// A default, which only one of several files may set.
    private mutating func setting(_ key: String, _ fields: Fields) -> Node? {
        guard let node = fields[key] else { return nil }
        if let known = setDefaults[key] {
            error(node.position, "the default \(quoted(key)) is set a second time", "the first is at \(known)")
            return nil
        }
        setDefaults[key] = node.position
        return node
    }
}
