internal import Net

/// `sources` of services, which name identities and so are read when all of them are known.
extension DocumentReader {
    mutating func sources() {
        for (service, node) in sourceLists {
            var sources: [Rule.Peer] = []
            var seen: Set<Rule.Peer> = []
            for item in items(node, "sources", emptyHint: "leave it out to mean everybody") ?? [] {
                guard let source = source(item) else { continue }
                if seen.insert(source).inserted {
                    sources.append(source)
                } else {
                    warning(item.position, "this source is in the list twice")
                }
            }
            document.services[service].sources = sources
        }
    }

    private mutating func source(_ item: Node) -> Rule.Peer? {
        guard let text = text(item, "the source") else { return nil }
        switch named[text]?.kind {
        case .identity: return .identity(text)
        case .service:
            error(item.position, "the service \(quoted(text)) cannot be a source", "a service opens no connections")
            return nil
        case nil where ["any", "node", "world"].contains(text):
            error(item.position, "\(text) is no source", "leave sources out to mean everybody")
            return nil
        case nil: break
        }
        guard
            text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }) || IPAddress(text) != nil
        else {
            dangling(text, .identity, "identity", [], item.position)
            return nil
        }
        return prefix(item, "the source").map { .cidr($0, except: []) }
    }
}
