/// `groups` of a service, and which of them a backend is in.
extension DocumentReader {
    mutating func groups(_ node: Node) -> [Group] {
        var groups: [Group] = []
        for entry in entries(node, "groups") {
            checkName(entry, "a group")
            // A group that is wrong still has its backends.
            var group = Group(name: entry.key, position: entry.position)
            if let node = fields(entry.value, .group, at: entry.position)?["weight"] {
                group.weight = integer(node, "the weight", in: 0...UInt16.max) ?? group.weight
            }
            groups.append(group)
        }
        return groups
    }

    /// - Parameter node: what the backend says.
    mutating func group(of backend: Node.Entry, _ node: Node?, among groups: [Group]) -> String? {
        let names = groups.map(\.name)
        guard let node else {
            if let first = names.first {
                error(
                    backend.position, "the backend \(quoted(backend.key)) is in no group",
                    "its service has groups, so write one of them, as group: \(first)")
            }
            return nil
        }
        guard let name = text(node, "the group") else { return nil }
        if names.contains(name) { return name }
        let near = nearest.name(to: name, among: names).map { "did you mean \(quoted($0))?" }
        let choice =
            names.isEmpty ? "its groups stand in groups, with their weights" : "it has \(names.joined(separator: ", "))"
        error(node.position, "the service has no group \(quoted(name))", near ?? choice)
        return nil
    }

    mutating func checkMembers(of service: Service) {
        guard service.backends.allSatisfy({ $0.group != nil }) else { return }
        let inUse = Set(service.backends.map(\.group))
        for group in service.groups where !inUse.contains(group.name) {
            warning(group.position, "no backend is in the group \(quoted(group.name))", "its share goes to the others")
        }
    }
}
