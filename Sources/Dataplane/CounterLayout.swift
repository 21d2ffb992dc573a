internal import DataplaneABI

/// Where each counter lies within one CPU's region of the `counters` map.
struct CounterLayout: Hashable, Sendable {
    /// Interface slots that rules are counted for, 0 included.
    var interfaces: UInt32
    var rules: UInt32
    var services: UInt32
    var backends: UInt32

    private static let outcomes = UInt32(INTERFACE_SLOTS) * UInt32(OUTCOME_ROOM)

    var ruleBase: UInt32 { Self.outcomes }
    var serviceBase: UInt32 { ruleBase + interfaces * rules }
    var backendBase: UInt32 { serviceBase + services }
    /// Datagrams of each service that should name a backend and do not.
    var quicBase: UInt32 { backendBase + backends }
    var stride: UInt32 { quicBase + services }

    func outcome(_ outcome: UInt32, interface: UInt32) -> Int? {
        interface < UInt32(INTERFACE_SLOTS) && outcome < UInt32(OUTCOME_ROOM)
            ? Int(interface * UInt32(OUTCOME_ROOM) + outcome) : nil
    }

    func rule(_ slot: UInt32, interface: UInt32) -> Int? {
        interface < interfaces && slot < rules ? Int(ruleBase + interface * rules + slot) : nil
    }

    func service(_ slot: UInt32) -> Int? { slot < services ? Int(serviceBase + slot) : nil }

    func backend(_ slot: UInt32) -> Int? { slot < backends ? Int(backendBase + slot) : nil }

    func quic(_ slot: UInt32) -> Int? { slot < services ? Int(quicBase + slot) : nil }

    /// Whether everything that `needs` asks for has a counter.
    func holds(_ needs: SlotNeeds) -> Bool {
        needs.interfaces <= interfaces && needs.rules <= rules && needs.services <= services
            && needs.backends <= backends
    }

    /// Room for `needs` with space to grow, and never less than `current`, so that every slot keeps its counter.
    static func fitting(_ needs: SlotNeeds, growing current: CounterLayout? = nil) -> CounterLayout {
        func room(_ need: UInt32, _ least: UInt32, _ had: UInt32?) -> UInt32 {
            if let had, need <= had { return had }
            return max(least, (need + need / 2).roundedUpToPowerOfTwo)
        }
        return CounterLayout(
            interfaces: min(UInt32(INTERFACE_SLOTS), room(needs.interfaces, 4, current?.interfaces)),
            rules: room(needs.rules, 1024, current?.rules), services: room(needs.services, 256, current?.services),
            backends: room(needs.backends, 1024, current?.backends))
    }
}

extension UInt32 {
    var roundedUpToPowerOfTwo: UInt32 { self <= 1 ? 1 : 1 << (32 - (self - 1).leadingZeroBitCount) }
}
