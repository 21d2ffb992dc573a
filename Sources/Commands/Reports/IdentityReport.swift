import Net
import Policy

/// What `identity list` tells of identities.
struct IdentityReport: Report, Equatable {
    var identities: [Identity]

    var json: JSON {
        let identities = self.identities.map { identity -> JSON in
            [
                "name": .string(identity.name),
                "cidrs": JSON(texts: identity.cidrs),
                "except": JSON(texts: identity.except),
                "labels": .object(sorted(identity.labels).map { .init(key: $0.key, value: .string($0.value)) }),
            ]
        }
        return ["identities": .array(identities)]
    }

    func text(_ style: Style) -> String {
        var table = Table("IDENTITY", "CIDRS", "EXCEPT", "LABELS")
        for identity in identities {
            table.add(
                .init(identity.name), .init(identity.cidrs.list), .init(identity.except.list),
                .init(sorted(identity.labels).map { "\($0.key)=\($0.value)" }.list))
        }
        return table.text(style)
    }

    private func sorted(_ labels: [String: String]) -> [(key: String, value: String)] {
        labels.sorted { $0.key < $1.key }
    }
}

/// What `identity lookup` tells of an address.
struct LookupReport: Report, Equatable {
    var address: IPAddress
    var identities: [String]

    var json: JSON { ["address": JSON(address), "identities": JSON(texts: identities)] }

    func text(_ style: Style) -> String {
        identities.isEmpty ? "\(address) is in no identity\n" : identities.map { $0 + "\n" }.joined()
    }
}
