/// What part of new flows each backend gets.
extension ServiceState {
    /// Whether a backend of this service gets any.
    public func takesNewFlows(_ backend: BackendState) -> Bool {
        guard let place = backends.firstIndex(where: { $0.slot == backend.slot }) else { return false }
        return shares[place] > 0
    }

    /// Per backend; they mean something in proportion to each other alone, and 0 takes none.
    ///
    /// Without groups, the weights. With groups, each group has its weight's part, and its backends share that by theirs:
    /// so the split is the same whatever the number and weights of backends. A group without a usable backend leaves its
    /// part to the others.
    public var shares: [UInt32] {
        guard !groups.isEmpty else { return backends.map { UInt32($0.effectiveWeight) } }
        let weights = Dictionary(groups.map { ($0.name, UInt64($0.weight)) }) { first, _ in first }
        var totals: [String: UInt64] = [:]
        for backend in backends { totals[backend.group ?? "", default: 0] += UInt64(backend.effectiveWeight) }
        return backends.map { backend in
            let group = backend.group ?? ""
            guard let weight = weights[group], weight > 0, backend.effectiveWeight > 0, let total = totals[group]
            else { return 0 }
            // Below 2^31, as a part of a group's weight below 2^16; every usable backend has some.
            return UInt32(max(weight * UInt64(backend.effectiveWeight) << 15 / total, 1))
        }
    }
}
