import Net
import Policy

/// The address sets of a state while it is compiled, each stored once: identities by name, others by content.
struct AddressSets {
    private struct Label: Hashable {
        var key: String
        var value: String
    }

    private struct CIDR: Hashable {
        var prefix: Prefix
        var except: [Prefix]
    }

    private(set) var sets: [AddressSet]
    private let identityCount: Int
    private let identities: [String: Int]
    /// Rising indices of the identities that carry a label.
    private var carriers: [Label: [Int]] = [:]
    private var selections: [[String: String]: [Int]] = [:]
    private var cidrs: [CIDR: Int] = [:]
    private var world: Int?

    init(_ identities: [Identity]) {
        sets = identities.map { identity in
            let part = AddressSet.Part(prefixes: identity.cidrs, except: identity.except)
            return AddressSet(identity: identity.name, parts: identity.cidrs.isEmpty ? [] : [part])
        }
        identityCount = identities.count
        self.identities = Dictionary(identities.enumerated().map { ($1.name, $0) }) { first, _ in first }
        for (index, identity) in identities.enumerated() {
            for (key, value) in identity.labels { carriers[Label(key: key, value: value), default: []].append(index) }
        }
    }

    func identity(_ name: String) -> Int? { identities[name] }

    /// The identities that carry all of `labels`, rising.
    mutating func identities(carrying labels: [String: String]) -> [Int] {
        if let known = selections[labels] { return known }
        let lists = labels.map { carriers[Label(key: $0, value: $1)] ?? [] }.sorted { $0.count < $1.count }
        let found = lists.dropFirst().reduce(lists.first ?? Array(0..<identityCount)) { found, list in
            let list = Set(list)
            return found.filter(list.contains)
        }
        selections[labels] = found
        return found
    }

    mutating func cidr(_ prefix: Prefix, except: [Prefix]) -> Int {
        let key = CIDR(prefix: prefix, except: except.sorted())
        if let known = cidrs[key] { return known }
        sets.append(AddressSet(parts: [AddressSet.Part(prefixes: [prefix], except: key.except)]))
        cidrs[key] = sets.endIndex - 1
        return sets.endIndex - 1
    }

    mutating func everythingElse() -> Int {
        if let world { return world }
        sets.append(AddressSet(parts: sets[..<identityCount].flatMap(\.parts), complement: true))
        world = sets.endIndex - 1
        return sets.endIndex - 1
    }
}
