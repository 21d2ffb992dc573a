internal import Net

/// Two services cannot answer in one place.
extension DocumentReader {
    mutating func overlaps() {
        var sweep = Sweep(document.services)
        for collision in sweep.collisions() { report(collision) }
    }

    private mutating func report(_ collision: Sweep.Collision) {
        let (first, second) = (document.services[collision.first.service], document.services[collision.second.service])
        // The ports of the two as they are written.
        for port in second.ports where port.match.overlaps(collision.match) {
            guard let other = first.ports.first(where: { $0.match.overlaps(port.match) }) else { continue }
            let (here, there) = (collision.second.vip.shortText, collision.first.vip.shortText)
            let isSame = port.match == other.match && here == there
            error(
                port.position,
                isSame
                    ? "\(port.match) of \(here) belongs to the service \(quoted(first.name)) already"
                    : "\(port.match) of \(here) overlaps \(other.match) of \(there), which belongs to the service "
                        + quoted(first.name),
                "the first is at \(other.position)")
            return
        }
    }
}

/// Finds ports of different services that meet on some address.
///
/// VIPs are walked in the order of their addresses, larger prefixes first, with those around the present one on a
/// stack. Prefixes nest or are apart, so a VIP can meet only the ports that are open around it. These are kept sorted,
/// and as only ports of different services meet badly, they never overlap each other: one search finds what a port
/// meets. That makes n log n, whatever number of services there is.
private struct Sweep {
    struct Place {
        /// Index among the document's services; the lower one was there first.
        var service: Int
        var vip: Prefix
    }

    struct Collision {
        var first: Place
        var second: Place
        /// What both have in common.
        var match: TrafficMatch
    }

    private struct Open {
        var ports: ClosedRange<UInt16>
        var place: Place
    }

    private let places: [Place]
    /// Per service: its ports, merged where they overlap or touch.
    private let ports: [[IPProtocol: [ClosedRange<UInt16>]]]
    /// Sorted, and apart from each other.
    private var open: [IPProtocol: [Open]] = [:]
    /// Per service: how many of its VIPs are around the present one.
    private var depth: [Int]

    init(_ services: [Service]) {
        places = services.enumerated().flatMap { index, service in
            (service.vips.map { Prefix($0) } + service.vipPrefixes).map { Place(service: index, vip: $0) }
        }.sorted { ($0.vip, $0.service) < ($1.vip, $1.service) }
        ports = services.map { service in
            Dictionary(grouping: service.ports.map(\.match), by: \.ipProtocol).mapValues { merged($0.map(\.selectors)) }
        }
        depth = [Int](repeating: 0, count: services.count)
    }

    mutating func collisions() -> [Collision] {
        var found: [Collision] = []
        var around: [Place] = []
        for place in places {
            while let last = around.last, !last.vip.contains(place.vip) { leave(around.removeLast()) }
            around.append(place)
            depth[place.service] += 1
            guard depth[place.service] == 1 else { continue }
            for (ipProtocol, ranges) in ports[place.service].sorted(by: { $0.key < $1.key }) {
                for range in ranges { enter(place, ipProtocol, range, &found) }
            }
        }
        return found
    }

    private mutating func enter(
        _ place: Place, _ ipProtocol: IPProtocol, _ range: ClosedRange<UInt16>, _ found: inout [Collision]
    ) {
        let at = firstEnding(atOrBehind: range.lowerBound, ipProtocol)
        let list = open[ipProtocol] ?? []
        guard at < list.count, list[at].ports.overlaps(range) else {
            open[ipProtocol, default: []].insert(Open(ports: range, place: place), at: at)
            return
        }
        let other = list[at].place
        let common = TrafficMatch(ipProtocol, list[at].ports.clamped(to: range))
        found.append(
            other.service < place.service
                ? Collision(first: other, second: place, match: common)
                : Collision(first: place, second: other, match: common))
    }

    private mutating func leave(_ place: Place) {
        depth[place.service] -= 1
        guard depth[place.service] == 0 else { return }
        for (ipProtocol, ranges) in ports[place.service] {
            for range in ranges {
                let at = firstEnding(atOrBehind: range.lowerBound, ipProtocol)
                // What collided was not put in.
                guard let entry = open[ipProtocol], at < entry.count, entry[at].place.service == place.service else {
                    continue
                }
                open[ipProtocol]?.remove(at: at)
            }
        }
    }

    private func firstEnding(atOrBehind port: UInt16, _ ipProtocol: IPProtocol) -> Int {
        guard let list = open[ipProtocol] else { return 0 }
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].ports.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

private func merged(_ ranges: [ClosedRange<UInt16>]) -> [ClosedRange<UInt16>] {
    var merged: [ClosedRange<UInt16>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if let last = merged.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
            merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
            merged.append(range)
        }
    }
    return merged
}
