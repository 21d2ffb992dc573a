internal import DataplaneABI
internal import Plan

/// The entries of `services`: one for each service, and behind them, for each service with zones, one for each zone of
/// the state. A zone without backends in the service has the service's own slots.
struct ServiceEntries {
    struct Variant {
        /// Index into the state's services.
        var service: Int
        /// Index into the service's ``ServiceState/zoneSlots``; nil where the zone has none.
        var own: Int?
    }

    private(set) var variants: [Variant] = []
    /// Per service: the entry of its first variant; 0 where it has none.
    private(set) var firstVariant: [Int] = []

    init(_ state: State) {
        for (index, service) in state.services.enumerated() {
            guard !service.zoneSlots.isEmpty, !state.zones.isEmpty else {
                firstVariant.append(0)
                continue
            }
            firstVariant.append(state.services.count + variants.count)
            for zone in state.zones {
                variants.append(
                    Variant(service: index, own: service.zoneSlots.firstIndex { $0.zone == zone.name }))
            }
        }
    }
}

extension ServiceEntries {
    /// The slots of variants that have some of their own, in the order in which they lie behind those of the services.
    func ownSlots(_ state: State) -> [ServiceSlots] {
        variants.compactMap { variant in variant.own.map { state.services[variant.service].zoneSlots[$0].slots } }
    }
}
