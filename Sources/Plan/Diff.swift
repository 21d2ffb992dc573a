import Net
import Policy

/// What publishing `new` over `old` changes for packets or people, in the order interfaces, defaults, node, identities,
/// services, policies; empty where they mean the same. `nil` is a node without anything published.
///
/// Counter slots, Maglev slots and places in the file have no meaning of their own, nor has the order of things, except
/// that of rules with one precedence, which decides whose counter runs.
public func diff(from old: State?, to new: State) -> [Change] {
    let old = old ?? State()
    var changes: [Change] = []
    changes += named(.interface, old.interfaces, new.interfaces, name: \.name, summary: \.summary) { old, new in
        var details = Details()
        details.scalar("mode", old.mode.rawValue, new.mode.rawValue)
        details.scalar("next-hop", old.nextHop.text, new.nextHop.text)
        details.members("decapsulate", old.decapsulate, new.decapsulate) { $0.description }
        details.members("tunnel-source", old.tunnelSources, new.tunnelSources) { $0.description }
        details.scalar("index", "\(old.index)", "\(new.index)")
        details.scalar("mtu", "\(old.mtu)", "\(new.mtu)")
        details.scalar("mac", old.mac?.description, new.mac?.description)
        return details.texts
    }

    var defaults = Details()
    defaults.scalar(nil, old.ingressDefault.rawValue, new.ingressDefault.rawValue)
    changes += defaults.texts.map { Change(.change, .defaults, "ingress", $0) }
    defaults = Details()
    defaults.scalar(nil, old.echoReply ? "reply" : "drop", new.echoReply ? "reply" : "drop")
    changes += defaults.texts.map { Change(.change, .defaults, "echo", $0) }
    defaults = Details()
    defaults.scalar(nil, old.clients.rawValue, new.clients.rawValue)
    changes += defaults.texts.map { Change(.change, .defaults, "local-clients", $0) }
    defaults = Details()
    defaults.scalar(nil, old.clientGroup, new.clientGroup)
    changes += defaults.texts.map { Change(.change, .defaults, "client-cgroup", $0) }

    defaults = Details()
    defaults.scalar("tcp", "\(old.flows.idleTCP)s", "\(new.flows.idleTCP)s")
    defaults.scalar("udp", "\(old.flows.idleUDP)s", "\(new.flows.idleUDP)s")
    defaults.scalar("sctp", "\(old.flows.idleSCTP)s", "\(new.flows.idleSCTP)s")
    changes += defaults.texts.map { Change(.change, .defaults, "idle", $0) }
    defaults = Details()
    defaults.scalar(nil, old.flows.newFlows.map { "\($0)" }, new.flows.newFlows.map { "\($0)" })
    changes += defaults.texts.map { Change(.change, .defaults, "new-flows", $0) }

    var node = Details()
    node.members(nil, old.nodeAddresses, new.nodeAddresses) { $0.description }
    changes += node.texts.map { Change(.change, .node, "addresses", $0) }

    changes += named(
        .identity, old.sets.filter { $0.identity != nil }, new.sets.filter { $0.identity != nil },
        name: \.unwrappedIdentity, summary: \.text
    ) { old, new in
        var details = Details()
        details.members("cidrs", old.parts.flatMap(\.prefixes), new.parts.flatMap(\.prefixes)) { $0.description }
        details.members("except", old.parts.flatMap(\.except), new.parts.flatMap(\.except)) { $0.description }
        return details.texts
    }
    changes += diffServices(old, new)
    changes += diffRules(old, new)
    return changes
}

/// Pairs the elements of two lists by name: additions and changes in the order of `new`, then removals.
func named<Element>(
    _ object: Change.Object, _ old: [Element], _ new: [Element], name: (Element) -> String,
    summary: (Element) -> String, details: (Element, Element) -> [String]
) -> [Change] {
    let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
    let after = Set(new.map(name))
    var changes: [Change] = []
    for element in new {
        let name = name(element)
        if let previous = before[name] {
            changes += details(previous, element).map { Change(.change, object, name, $0) }
        } else {
            changes.append(Change(.add, object, name, summary(element)))
        }
    }
    for element in old where !after.contains(name(element)) { changes.append(Change(.remove, object, name(element))) }
    return changes
}

/// Collects what is different about one thing, one text per attribute.
struct Details {
    private(set) var texts: [String] = []

    mutating func scalar(_ label: String?, _ old: String?, _ new: String?) {
        guard old != new else { return }
        texts.append((label.map { "\($0) " } ?? "") + "\(old ?? "none") -> \(new ?? "none")")
    }

    /// A list whose order means nothing.
    mutating func members<Member: Hashable>(
        _ label: String?, _ old: [Member], _ new: [Member], text: (Member) -> String
    ) {
        guard old != new else { return }
        let (before, after) = (Set(old), Set(new))
        let added = after.subtracting(before).map(text).sorted().map { "+\($0)" }
        let removed = before.subtracting(after).map(text).sorted().map { "-\($0)" }
        guard !(added.isEmpty && removed.isEmpty) else { return }
        texts.append((label.map { "\($0) " } ?? "") + shortened(added + removed, separator: " "))
    }
}

/// Long lists are for files, not for one line.
func shortened(_ items: [String], separator: String, limit: Int = 16) -> String {
    guard items.count > limit else { return items.joined(separator: separator) }
    return items.prefix(limit).joined(separator: separator) + "\(separator)and \(items.count - limit) more"
}

extension InterfaceState {
    fileprivate var summary: String { mode.rawValue }
}

extension Interface.NextHop {
    fileprivate var text: String {
        switch self {
        case .auto: "auto"
        case .fixed(let mac): mac.description
        }
    }
}

extension AddressSet {
    fileprivate var unwrappedIdentity: String { identity ?? "" }

    /// What it holds: `10.0.0.0/8, 192.0.2.0/24 except 10.1.0.0/16`.
    var text: String {
        let parts = parts.map { part in
            let prefixes = shortened(part.prefixes.sorted().map(\.description), separator: ", ")
            guard !part.except.isEmpty else { return prefixes }
            return prefixes + " except " + shortened(part.except.sorted().map(\.description), separator: ", ")
        }
        return parts.joined(separator: " and ")
    }
}
