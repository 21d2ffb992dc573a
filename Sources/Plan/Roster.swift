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

/// The backends of every service, by name, before slots and tunnel sources are known.
struct Rosters {
    /// In the order of the document's services.
    private(set) var services: [[BackendState]]
    private let indices: [String: Int]

    init(_ document: Document) {
        services = document.services.map { service in
            service.backends.map {
                var state = BackendState(
                    name: $0.name, address: $0.address, weight: $0.weight, mac: $0.mac, slot: 0)
                state.quicID = $0.quicID
                return state
            }.sorted { $0.name < $1.name }
        }
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

extension [BackendState] {
    /// Sorted by name before and after.
    mutating func apply(_ override: Override) throws(OverrideError) {
        let place = firstIndex { $0.name >= override.backend } ?? endIndex
        let exists = place < endIndex && self[place].name == override.backend
        if case .add(let address, let weight) = override.change {
            guard !exists else {
                throw OverrideError("service \(override.service) already has a backend \"\(override.backend)\"")
            }
            guard count < Limit.backendsPerService else {
                throw OverrideError(
                    "service \(override.service) has \(Limit.backendsPerService) backends, and no room for more")
            }
            insert(BackendState(name: override.backend, address: address, weight: weight, slot: 0), at: place)
            return
        }
        guard exists else {
            throw OverrideError(
                "service \(override.service) has no backend \"\(override.backend)\"",
                hint: suggestion(for: override.backend, among: map(\.name)))
        }
        switch override.change {
        case .add: break
        case .remove: remove(at: place)
        case .drain: self[place].draining = true
        case .undrain: self[place].draining = false
        case .weight(let weight): self[place].weight = weight
        }
    }
}
