internal import DataplaneABI
internal import Net
internal import Plan
internal import Policy

extension Image {
    func interfaceRows(_ body: ([Field]) -> Void) {
        let names = Dictionary(published.state.interfaces.map { ($0.index, $0.name) }) { first, _ in first }
        for line in 0..<1 << Int(interfaces.bits) {
            let entry = entry(interface.self, in: interfaces.words, line)
            guard entry.index != 0 else { continue }
            let isFixed = entry.flags & UInt32(INTERFACE_FIXED_HOP) != 0
            body([
                .integer(entry.index), .text(names[entry.index]), .integer(entry.slot), .integer(entry.mtu),
                .text(Self.mac(entry.mac)), isFixed ? .text(Self.mac(entry.next_hop)) : .none,
                .list(Decapsulation.Encapsulation.allCases.filter { entry.flags & $0.flag != 0 }.map(\.rawValue)),
            ])
        }
    }

    func serviceRows(_ body: ([Field]) -> Void) {
        for (index, state) in published.state.services.enumerated() {
            let entry = services.entry(index)
            let masquerade = entry.masquerade_count > 0 ? state.masquerade : nil
            body([
                .integer(index), .text(state.name), .integer(entry.counter),
                .text(Service.Forward(code: entry.forward)?.rawValue),
                .text(masquerade.map { "\($0.lowerBound)-\($0.upperBound)" }),
                .integer(entry.slot_count), .integer(entry.previous_count),
                entry.drain_end == 0 ? .none : .integer(entry.drain_end / 1_000_000_000), .integer(entry.backend_count),
            ])
        }
    }

    func backendRows(_ body: ([Field]) -> Void) {
        for (index, state) in published.state.services.enumerated() {
            let first = Int(services.entry(index).backends)
            for (offset, backend) in state.backends.enumerated() {
                let entry = entry(DataplaneABI.backend.self, in: services.backends, first + offset)
                let isV6 = Int32(entry.flags) & BACKEND_V6 != 0
                body([
                    .integer(first + offset), .text(state.name), .text(backend.name),
                    .text(Self.address(entry.address, isV6: isV6)), .text(Self.address(entry.source, isV6: isV6)),
                    Int32(entry.flags) & BACKEND_MAC != 0 ? .text(Self.mac(entry.mac)) : .none, .integer(entry.slot),
                    .integer(entry.tag),
                ])
            }
        }
    }

    func slotRows(_ body: ([Field]) -> Void) {
        for state in published.state.services {
            let slots = state.slots
            func name(_ backend: UInt16) -> Field {
                .text(Int(backend) < state.backends.count ? state.backends[Int(backend)].name : nil)
            }
            for (slot, backend) in slots.table.enumerated() {
                // Where the table had another size, the previous backend depends on the flow.
                let previous = slots.isMarked(slot) && slots.previous.count == slots.current.count
                body([
                    .text(state.name), .integer(slot), name(backend), previous ? name(slots.previous[slot]) : .none,
                ])
            }
        }
    }

    func frontendRows(_ body: ([Field]) -> Void) {
        for entry in policy.frontends.entries {
            let isEcho = entry.service == FRONTEND_ECHO
            body([
                .text(IPAddress(packetWords: entry.address)),
                .text(IPProtocol(UInt8(truncatingIfNeeded: entry.portProtocol >> 16))),
                isEcho ? .none : .integer(UInt16(truncatingIfNeeded: entry.portProtocol).byteSwapped),
                isEcho ? .none : .text(published.state.services[Int(entry.service)].name), .integer(entry.subject),
                entry.target == 0 ? .none : .integer(entry.target),
            ])
        }
        wideRows(body)
    }

    private func entry<Entry: BitwiseCopyable>(_: Entry.Type, in words: [UInt32], _ line: Int) -> Entry {
        words.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: line * Line.bytes, as: Entry.self) }
    }

    private static func mac(_ bytes: some BitwiseCopyable) -> MACAddress? {
        withUnsafeBytes(of: bytes) { MACAddress(bytes: $0) }.flatMap { $0.isZero ? nil : $0 }
    }

    /// `nil` for an address that is not set.
    private static func address(_ bytes: some BitwiseCopyable, isV6: Bool) -> IPAddress? {
        withUnsafeBytes(of: bytes) { bytes in
            bytes.allSatisfy { $0 == 0 } ? nil : IPAddress(bytes: bytes.prefix(isV6 ? 16 : 4))
        }
    }
}
