/// One difference between two states, as people read it and scripts take it apart.
public struct Change: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case add, remove, change }

    /// What sort of thing is different; the raw values are those of the file where it has a word.
    public enum Object: String, Hashable, Sendable, CaseIterable {
        case interface, defaults, node, identity, service, backend, policy
    }

    public var kind: Kind
    public var object: Object
    /// The thing's own name; `SERVICE/BACKEND` for a backend, the key for `defaults` and `node`.
    public var name: String
    /// What is added, or what changes how: `weight 1 -> 5`, `vips +192.0.2.1 -192.0.2.2`. Empty for a removal.
    public var detail: String

    public init(_ kind: Kind, _ object: Object, _ name: String, _ detail: String = "") {
        self.kind = kind
        self.object = object
        self.name = name
        self.detail = detail
    }
}

extension Change: CustomStringConvertible {
    /// `~ backend shop/shop-1 weight 1 -> 5`
    public var description: String {
        let sign =
            switch kind {
            case .add: "+"
            case .remove: "-"
            case .change: "~"
            }
        return "\(sign) \(object.rawValue) \(name)" + (detail.isEmpty ? "" : " \(detail)")
    }
}
