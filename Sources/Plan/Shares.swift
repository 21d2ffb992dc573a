/// What part of new flows each backend gets.
extension ServiceState {
    /// Whether a backend of this service gets any.
    public func takesNewFlows(_ backend: BackendState) -> Bool {
        guard let place = backends.firstIndex(where: { $0.slot == backend.slot }) else { return false }
        return shares[place] > 0
    }

    /// Per backend, for clients without a zone: see ``shares(near:)``.
    public var shares: [UInt32] { shares(near: nil) }

    /// Per backend, for clients of a zone; they mean something in proportion to each other alone, and 0 takes none.
    ///
    /// Without groups and zones, the weights. With groups, each group has its weight's part, and its backends share that:
    /// so the split is the same whatever the number and weights of backends. A group without a usable backend leaves its
    /// part to the others. A zone's clients stay with the zone's backends as its capacity allows, group by group.
    public func shares(near zone: String?) -> [UInt32] {
        let zone = zone.flatMap { zone in backends.contains { $0.zone == zone } ? zone : nil }
        guard !groups.isEmpty || zone != nil else { return backends.map { UInt32($0.effectiveWeight) } }
        let weights = Dictionary(groups.map { ($0.name, Double($0.weight)) }) { first, _ in first }
        var mixes: [String: Mix] = [:]
        for backend in backends {
            mixes[backend.group ?? "", default: Mix()].add(backend, isNear: zone != nil && backend.zone == zone)
        }
        return backends.map { backend in
            let group = backend.group ?? ""
            let weight = groups.isEmpty ? Double(UInt16.max) : weights[group] ?? 0
            guard let mix = mixes[group], backend.effectiveWeight > 0, weight > 0 else { return 0 }
            let part = mix.part(of: backend, isNear: zone != nil && backend.zone == zone)
            // At most 2^31; every backend that takes any has some.
            return part > 0 ? UInt32(max((weight * part * 32_768).rounded(.down), 1)) : 0
        }
    }
}

/// How near and other backends of a group share.
///
/// All flows stay near while at least 1/1.4 of the near capacity is usable; below, the near part is the usable fraction
/// times 1.4. That is Envoy's overprovisioning factor ("Locality weighted load balancing"): the backends that are left
/// are expected to take that much more than usual.
private struct Mix {
    private static let overprovisioning = 1.4
    /// Weights that are written, and those of usable backends.
    private var nearConfigured = 0.0
    private var near = 0.0
    private var others = 0.0

    mutating func add(_ backend: BackendState, isNear: Bool) {
        if isNear {
            nearConfigured += Double(backend.weight)
            near += Double(backend.effectiveWeight)
        } else {
            others += Double(backend.effectiveWeight)
        }
    }

    private var nearPart: Double {
        guard near > 0 else { return 0 }
        return others > 0 ? min(near * Self.overprovisioning / nearConfigured, 1) : 1
    }

    /// Of the group's flows, 0…1.
    func part(of backend: BackendState, isNear: Bool) -> Double {
        let (part, total) = isNear ? (nearPart, near) : (1 - nearPart, others)
        return total > 0 ? part * Double(backend.effectiveWeight) / total : 0
    }
}
