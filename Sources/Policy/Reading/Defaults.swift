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
    }

    private enum Echo: String, CaseIterable { case reply, drop }

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
