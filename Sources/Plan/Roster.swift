internal import Net
public import Policy

/// Overrides sorted into those that still mean something to a document and those that do not.
public struct SettledOverrides: Hashable, Sendable {
    public struct Dropped: Hashable, Sendable {
        public var override: Override
        public var reason: OverrideError
    }

    public var kept: [Override] = []
    /// Their service or backend is gone from the file, or the file has the backend by now: worth a warning.
    public var dropped: [Dropped] = []

    /// Applies `overrides` in their order, each to what those before it left.
    public init(_ overrides: [Override], over document: Document) {
        var rosters = Rosters(document)
        for override in overrides {
            do {
                try rosters.apply(override)
                kept.append(override)
            } catch {
                dropped.append(Dropped(override: override, reason: error))
            }
        }
    }
}

extension SettledOverrides.Dropped: CustomStringConvertible {
    public var description: String { "\(override): \(reason)" }
}

/// The backends and groups of every service, by name, before slots and tunnel sources are known.
struct Rosters {
    /// In the order of the document's services.
    private(set) var services: [Roster]
    private let indices: [String: Int]

    init(_ document: Document) {
        services = document.services.map(Roster.init)
        indices = Dictionary(document.services.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    mutating func apply(_ override: Override) throws(OverrideError) {
        guard let index = indices[override.service] else {
            throw noService(override.service, among: Array(indices.keys))
        }
        try services[index].apply(override)
    }
}

func noService(_ name: String, among names: [String]) -> OverrideError {
    OverrideError("there is no service \"\(name)\"", hint: suggestion(for: name, among: names.sorted()))
}

/// What overrides change of one service; sorted by name.
struct Roster {
    var groups: [GroupState]
    var backends: [BackendState]

    init(_ service: Service) {
        groups = service.groups.map { GroupState(name: $0.name, weight: $0.weight) }.sorted { $0.name < $1.name }
        backends = service.backends.map {
            var backend = BackendState(name: $0.name, address: $0.address, weight: $0.weight, mac: $0.mac, slot: 0)
            backend.group = $0.group
            backend.quicID = $0.quicID
            backend.zone = $0.zone
            backend.slowStart = $0.slowStart
            return backend
        }.sorted { $0.name < $1.name }
    }

    init(_ service: ServiceState) {
        groups = service.groups
        backends = service.backends
    }

    mutating func apply(_ override: Override) throws(OverrideError) {
        switch override.change {
        case .split(let weight):
            let place = try place(ofGroup: override.backend, override.service)
            groups[place].weight = weight
        case .add(let address, let weight, let group, let zone):
            try add(override, address, weight, group)
            try backends[place(of: override)].zone = zone
        case .remove: try backends.remove(at: place(of: override))
        case .drain: try setDraining(override, true, until: 0)
        case .drainFor(_, let end): try setDraining(override, true, until: end)
        case .undrain: try setDraining(override, false, until: 0)
        case .weight(let weight): try backends[place(of: override)].weight = weight
        }
    }

    private mutating func setDraining(
        _ override: Override, _ draining: Bool, until end: UInt64
    ) throws(OverrideError) {
        let place = try place(of: override)
        backends[place].draining = draining
        backends[place].drainEnd = end
    }

    private mutating func add(
        _ override: Override, _ address: IPAddress, _ weight: UInt16, _ group: String?
    ) throws(OverrideError) {
        let place = backends.firstIndex { $0.name >= override.backend } ?? backends.endIndex
        guard place == backends.endIndex || backends[place].name != override.backend else {
            throw OverrideError("service \(override.service) already has a backend \"\(override.backend)\"")
        }
        guard backends.count < Limit.backendsPerService else {
            throw OverrideError(
                "service \(override.service) has \(Limit.backendsPerService) backends, and no room for more")
        }
        if let group {
            _ = try self.place(ofGroup: group, override.service)
        } else if !groups.isEmpty {
            throw OverrideError(
                "the backends of service \(override.service) are in groups",
                hint: "add --group with one of \(groups.map(\.name).joined(separator: ", "))")
        }
        var backend = BackendState(name: override.backend, address: address, weight: weight, slot: 0)
        backend.group = group
        backends.insert(backend, at: place)
    }

    private func place(of override: Override) throws(OverrideError) -> Int {
        guard let place = backends.firstIndex(where: { $0.name == override.backend }) else {
            throw OverrideError(
                "service \(override.service) has no backend \"\(override.backend)\"",
                hint: suggestion(for: override.backend, among: backends.map(\.name)))
        }
        return place
    }

    private func place(ofGroup name: String, _ service: String) throws(OverrideError) -> Int {
        guard let place = groups.firstIndex(where: { $0.name == name }) else {
            throw OverrideError(
                "service \(service) has no group \"\(name)\"",
                hint: suggestion(for: name, among: groups.map(\.name)))
        }
        return place
    }
}

extension ServiceState {
    /// Sorted by name before and after.
    mutating func apply(_ override: Override) throws(OverrideError) {
        var roster = Roster(self)
        try roster.apply(override)
        groups = roster.groups
        backends = roster.backends
    }
}
