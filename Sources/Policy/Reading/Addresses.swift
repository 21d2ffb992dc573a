internal import Net

/// Addresses, prefixes and MAC addresses.
extension DocumentReader {
    /// An address that a host can have: what a VIP, a backend and a tunnel's source must be.
    mutating func hostAddress(_ node: Node, _ what: String) -> IPAddress? {
        guard let text = text(node, what) else { return nil }
        guard let address = IPAddress(text) else {
            let hint =
                (try? Prefix(parsing: text)) != nil
                ? "write the address without a prefix length" : "write it like 192.0.2.1 or \"2001:db8::1\""
            error(node.position, "\(what) \(quoted(text)) is no address", hint)
            return nil
        }
        guard let fault = address.hostFault else { return address }
        error(node.position, "\(what) cannot be the \(fault) address \(address)")
        return nil
    }

    mutating func mac(_ node: Node, _ what: String) -> MACAddress? {
        guard let text = text(node, what) else { return nil }
        guard let mac = MACAddress(text) else {
            error(node.position, "\(what) \(quoted(text)) is no MAC address", "write it like 02:00:00:00:00:01")
            return nil
        }
        guard !mac.isMulticast, !mac.isZero else {
            error(
                node.position, "\(what) cannot be the \(mac.isZero ? "zero" : "multicast") address \(mac)",
                "use the address of one interface")
            return nil
        }
        return mac
    }

    mutating func prefix(_ node: Node, _ what: String) -> Prefix? {
        guard let text = text(node, what) else { return nil }
        let prefix: Prefix
        do {
            prefix = try Prefix(parsing: text)
        } catch {
            switch error {
            case .malformed:
                self.error(
                    node.position, "\(what) \(quoted(text)) is no address prefix",
                    "write it like 10.0.0.0/8 or \"2001:db8::/32\"")
            case .length:
                self.error(
                    node.position, "\(what) \(quoted(text)) has an impossible length",
                    "IPv4 has /0 to /32, IPv6 /0 to /128")
            case .hostBits(let meant):
                self.error(node.position, "\(what) \(quoted(text)) has host bits set", "did you mean \(meant)?")
            }
            return nil
        }
        guard !prefix.isV4Mapped else {
            error(
                node.position, "\(what) \(quoted(text)) is IPv4 written as IPv6", prefix.unmapped.map { "write \($0)" })
            return nil
        }
        return prefix
    }

    /// The list of prefixes `cidrs` without repetition, and the exceptions from it, each of which must lie strictly
    /// inside one of the prefixes.
    mutating func prefixes(_ cidrs: [Node], except: Node?) -> (cidrs: [Prefix], except: [Prefix]) {
        let prefixes = distinct(cidrs)
        let exceptions = except.flatMap { items($0, "except") }.map { distinct($0) }?.compactMap(\.self) ?? []
        let valid = prefixes.compactMap { $0?.prefix }
        // An exception from a prefix that is itself wrong may be right.
        if valid.count == prefixes.count { checkInside(exceptions, valid) }
        return (valid, exceptions.map(\.prefix))
    }

    /// The prefixes of a list without repetition; `nil` for each that is wrong.
    private mutating func distinct(_ items: [Node]) -> [(prefix: Prefix, position: Position)?] {
        var seen: Set<Prefix> = []
        var prefixes: [(prefix: Prefix, position: Position)?] = []
        for item in items {
            guard let prefix = prefix(item, "the prefix") else {
                prefixes.append(nil)
                continue
            }
            if seen.insert(prefix).inserted {
                prefixes.append((prefix, item.position))
            } else {
                warning(item.position, "the prefix \(prefix) is in this list twice")
            }
        }
        return prefixes
    }

    private mutating func checkInside(_ exceptions: [(prefix: Prefix, position: Position)], _ prefixes: [Prefix]) {
        let whole = Set(prefixes)
        let lengths = Set(prefixes.map(\.length)).sorted()
        for (exception, position) in exceptions {
            let isInside = lengths.prefix { $0 < exception.length }.contains { length in
                Prefix(masking: exception.address, length: length).map(whole.contains) ?? false
            }
            guard !isInside else { continue }
            error(
                position, "the exception \(exception) is not inside a prefix of its list",
                whole.contains(exception) ? "remove the prefix itself instead" : nil)
        }
    }
}

extension Prefix {
    /// Networks whose addresses no host can have, or not outside of itself.
    private static let reserved: [(network: Prefix, fault: String)] = [
        ("0.0.0.0/8", "unspecified"), ("127.0.0.0/8", "loopback"), ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"), ("::/128", "unspecified"), ("::1/128", "loopback"),
        ("ff00::/8", "multicast"), ("::ffff:0:0/96", "IPv4-mapped"),
    ].compactMap { text, fault in (try? Prefix(parsing: text)).map { ($0, fault) } }

    /// Why some of its addresses can be no host's; `nil` where all can.
    var hostFault: String? {
        Self.reserved.first { $0.network.contains(self) || contains($0.network) }?.fault
    }
}

extension IPAddress {
    /// Why no single host can have the address; `nil` where one can.
    fileprivate var hostFault: String? {
        switch self {
        case .v4(let v4):
            v4.value == 0
                ? "unspecified"
                : v4.isMulticast ? "multicast" : v4.isLoopback ? "loopback" : v4.isLimitedBroadcast ? "broadcast" : nil
        case .v6(let v6):
            v6.isUnspecified
                ? "unspecified"
                : v6.isMulticast ? "multicast" : v6.isLoopback ? "loopback" : v6.isV4Mapped ? "IPv4-mapped" : nil
        }
    }
}

extension Prefix {
    fileprivate var isV4Mapped: Bool {
        if case .v6(let v6) = address { length >= 96 && v6.isV4Mapped } else { false }
    }

    /// The IPv4 prefix that an IPv4-mapped one stands for.
    fileprivate var unmapped: Prefix? {
        guard case .v6(let v6) = address else { return nil }
        return Prefix(masking: .v4(IPv4Address(UInt32(truncatingIfNeeded: v6.low))), length: length - 96)
    }
}
