internal import Net

/// `quic` of services, and `quic-id` of their backends.
extension DocumentReader {
    mutating func quic(_ node: Node) -> Service.QUIC? {
        guard let fields = fields(node, .quic, at: node.position) else { return nil }
        var quic = Service.QUIC()
        if let node = fields["id-offset"] {
            quic.idOffset = integer(node, "the offset", in: 0...Service.QUIC.longestCID - 1) ?? quic.idOffset
        }
        if let node = fields["id-length"] {
            guard let length = integer(node, "the length", in: 1...Service.QUIC.longestID) else { return nil }
            quic.idLength = length
        }
        if let node = fields["cid-length"] {
            guard let length = integer(node, "the length", in: 1...Service.QUIC.longestCID) else { return nil }
            quic.cidLength = length
        }
        guard quic.idOffset + quic.idLength <= quic.cidLength else {
            error(
                node.position, "the id ends behind the connection ID",
                "id-offset and id-length together are at most cid-length, which is \(quic.cidLength)")
            return nil
        }
        return quic
    }

    /// - Parameter entries: the service's backends as they are written.
    mutating func quicIDs(of service: inout Service, _ node: Node?, _ entries: [Node.Entry]) {
        if let node, service.quic != nil, !service.ports.isEmpty,
            !service.ports.contains(where: { $0.match.ipProtocol == .udp })
        {
            error(node.position, "a service without a port of udp has no use for quic", "add one, as 443/udp")
        }
        let places = Dictionary(service.backends.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var owners: [[UInt8]: String] = [:]
        for entry in entries {
            guard let place = places[entry.key], case .mapping(let keys) = entry.value.content else { continue }
            guard let value = keys.first(where: { $0.key == "quic-id" }) else {
                if service.quic != nil {
                    warning(
                        entry.position, "the backend \(quoted(entry.key)) has no quic-id",
                        "its connections stay with it only while the client's address and the backends stay")
                }
                continue
            }
            guard node != nil else {
                error(value.position, "\"quic-id\" means nothing here", "its service has no quic")
                continue
            }
            guard let quic = service.quic, let id = quicID(value.value, quic) else { continue }
            if let owner = owners[id] {
                error(value.value.position, "this quic-id is that of the backend \(quoted(owner)) already")
            }
            owners[id] = owners[id] ?? entry.key
            service.backends[place].quicID = id
        }
    }

    private mutating func quicID(_ node: Node, _ quic: Service.QUIC) -> [UInt8]? {
        guard let text = text(node, "the quic-id") else { return nil }
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count == 2 * quic.idLength else {
            error(
                node.position, "the quic-id \(quoted(text)) is not \(2 * quic.idLength) hexadecimal digits",
                "id-length is \(quic.idLength)")
            return nil
        }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
