internal import BPF
internal import DataplaneABI
internal import Net

/// The tables of remembered flows, read for people.
struct FlowTables {
    private let set: ProgramSet
    private let now: UInt64

    init(_ set: ProgramSet) throws {
        self.set = set
        now = try KernelClock(set).sample().jiffies
    }

    func entries() throws -> [FlowEntry] {
        try trackedEntries(.tracked, FlowEntry.Kind.tracked) + trackedEntries(.inbound, FlowEntry.Kind.inbound)
            + connectionEntries() + translationEntries()
    }

    private func trackedEntries(
        _ name: ProgramSet.MapName, _ kind: (FlowEntry.TrackedState) -> FlowEntry.Kind
    ) throws -> [FlowEntry] {
        let map = try Map<flow_key, tracked>(set[name].value.duplicate())
        return try map.entries().map { key, value in
            entry(key, kind(FlowEntry.TrackedState(rawValue: value.state) ?? .open), seen: value.seen)
        }
    }

    private func connectionEntries() throws -> [FlowEntry] {
        let map = try Map<flow_key, connection>(set[.connections].value.duplicate())
        return try map.entries().map { key, value in
            guard key.destination.0 != CLIENT_MARK else {
                let service = UInt32(truncatingIfNeeded: key.destination.1)
                return entry(
                    key, .client(serviceSlot: service, backendSlot: value.backend, tag: value.tag), seen: value.seen)
            }
            let state = FlowEntry.TrackedState(rawValue: UInt32(value.state)) ?? .open
            return entry(key, .connection(backendSlot: value.backend, tag: value.tag, state: state), seen: value.seen)
        }
    }

    /// Each flow once: the entries for answers say the same the other way round.
    private func translationEntries() throws -> [FlowEntry] {
        guard set.mapNames.contains(.translations) else { return [] }
        let map = try Map<flow_key, translation>(set[.translations].value.duplicate())
        return try map.entries().compactMap { key, value in
            guard Int32(value.flags) & TRANSLATION_REPLY == 0 else { return nil }
            let translation = FlowEntry.Translation(
                backendSlot: value.backend, source: IPAddress(mapped: value.source),
                sourcePort: UInt16(bigEndian: value.source_port),
                destination: IPAddress(mapped: value.destination),
                destinationPort: UInt16(bigEndian: value.destination_port))
            let state = FlowEntry.TrackedState(rawValue: UInt32(value.state)) ?? .open
            return entry(key, .translated(state, translation), seen: value.seen)
        }
    }

    private func entry(_ key: flow_key, _ kind: FlowEntry.Kind, seen: UInt64) -> FlowEntry {
        FlowEntry(
            kind: kind, source: IPAddress(mapped: key.source),
            destination: key.destination.0 == CLIENT_MARK ? nil : IPAddress(mapped: key.destination),
            sourcePort: UInt16(bigEndian: key.source_port), destinationPort: UInt16(bigEndian: key.destination_port),
            proto: key.protocol, idle: set.control.duration(from: seen, to: now))
    }
}

extension IPAddress {
    /// Two words as they lie in a table: network order, IPv4 as ::ffff:a.b.c.d.
    init(mapped words: (UInt64, UInt64)) {
        let address = IPv6Address(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
        self = address.isV4Mapped ? .v4(IPv4Address(UInt32(truncatingIfNeeded: address.low))) : .v6(address)
    }
}
