internal import Net

/// `zones`, and which of them a backend is in.
extension DocumentReader {
    mutating func zones(_ node: Node) {
        for entry in entries(node, "zones") {
            checkName(entry, "a zone")
            var zone = Zone(name: entry.key, position: entry.position)
            if let fields = fields(entry.value, .zone, at: entry.position),
                let cidrs = fields["cidrs"].map({ items($0, "cidrs") }) ?? []
            {
                (zone.cidrs, zone.except) = prefixes(cidrs, except: fields["except"])
            }
            if let first = zoneNames[entry.key] {
                error(entry.position, "there is a zone \(quoted(entry.key)) already", "the first is at \(first)")
                continue
            }
            zoneNames[entry.key] = entry.position
            document.zones.append(zone)
        }
    }

    /// A client is in one zone. Prefixes nest or are apart, so it is enough to look at those around each one.
    mutating func checkZonesAreApart() {
        var owners: [Prefix: [Int]] = [:]
        for (index, zone) in document.zones.enumerated() {
            for prefix in zone.cidrs { owners[prefix, default: []].append(index) }
        }
        let lengths = Set(owners.keys.map(\.length)).sorted()
        for (index, zone) in document.zones.enumerated() {
            for prefix in zone.cidrs {
                for length in lengths where length <= prefix.length {
                    guard let outer = Prefix(masking: prefix.address, length: length) else { continue }
                    for other in owners[outer] ?? [] {
                        // Of two zones with the same prefix the second is blamed.
                        guard other != index, outer != prefix || other < index,
                            !document.zones[other].excludes(prefix)
                        else { continue }
                        error(
                            zone.position,
                            "the zone \(quoted(zone.name)) shares \(prefix) with the zone \(quoted(document.zones[other].name))",
                            outer == prefix
                                ? "a client is in one zone"
                                : "a client is in one zone; write except: [\"\(prefix)\"] there")
                    }
                }
            }
        }
    }

    mutating func zone(_ node: Node) -> String? {
        guard let name = text(node, "the zone") else { return nil }
        if zoneNames[name] != nil { return name }
        let names = document.zones.map(\.name)
        error(
            node.position, "there is no zone \(quoted(name))",
            nearest.name(to: name, among: names).map { "did you mean \(quoted($0))?" }
                ?? "zones stand in zones, with the prefixes of their clients")
        return nil
    }

    mutating func checkZones(of service: Service) {
        guard service.scheduler != .maglev, let zoned = service.backends.first(where: { $0.zone != nil }) else {
            return
        }
        error(
            zoned.position,
            "\(quoted(zoned.name)) has a zone, which the scheduler \(service.scheduler.rawValue) does not know",
            "use maglev, or leave the zone out")
    }
}

extension Zone {
    fileprivate func excludes(_ prefix: Prefix) -> Bool { except.contains { $0.contains(prefix) } }
}
