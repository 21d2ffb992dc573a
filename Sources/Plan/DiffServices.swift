import Net
import Policy

/// A service that comes or goes is one change; the backends of one that stays are a change each.
func diffServices(_ oldState: State, _ newState: State) -> [Change] {
    let (old, new) = (oldState.services, newState.services)
    let (namesBefore, namesAfter) = (PeerNames(oldState), PeerNames(newState))
    var changes: [Change] = []
    let before = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
    changes += named(.service, old, new, name: \.name, summary: { $0.summary(namesAfter) }) { old, new in
        var details = Details()
        details.members("vips", old.allVIPs, new.allVIPs) { $0.shortText }
        details.members("ports", old.portTexts, new.portTexts) { $0 }
        details.scalar("quic", old.quic?.text, new.quic?.text)
        details.members("sources", namesBefore.sources(of: old), namesAfter.sources(of: new)) { $0 }
        details.scalar("forward", old.forward.rawValue, new.forward.rawValue)
        details.scalar("masquerade", old.masqueradeText, new.masqueradeText)
        details.scalar("port", old.tunnelPortText, new.tunnelPortText)
        details.scalar("vni", old.vniText, new.vniText)
        details.scalar("mtu", old.mtu?.description, new.mtu?.description)
        details.scalar("scheduler", old.scheduler.rawValue, new.scheduler.rawValue)
        details.scalar("drain-time", "\(old.drainTime)s", "\(new.drainTime)s")
        details.scalar("unavailable", old.unavailable.rawValue, new.unavailable.rawValue)
        details.scalar("groups", old.groupText, new.groupText)
        details.scalar("affinity", old.affinityText, new.affinityText)
        return details.texts
    }
    for service in new {
        guard let previous = before[service.name] else { continue }
        changes += named(
            .backend, previous.backends, service.backends, name: { "\(service.name)/\($0.name)" }, summary: \.summary
        ) { old, new in
            guard old.differs(from: new) else { return [] }
            var details = Details()
            details.scalar("address", old.address.description, new.address.description)
            details.scalar("weight", "\(old.weight)", "\(new.weight)")
            details.scalar("group", old.group, new.group)
            details.scalar("zone", old.zone, new.zone)
            details.scalar("slow-start", "\(old.slowStart)s", "\(new.slowStart)s")
            details.scalar("mac", old.mac?.description, new.mac?.description)
            details.scalar("quic-id", old.quicID?.hexadecimal, new.quicID?.hexadecimal)
            details.scalar("state", old.stateText, new.stateText)
            details.scalar("tunnel-source", old.tunnelSource?.description, new.tunnelSource?.description)
            return details.texts
        }
    }
    return changes
}

extension ServiceState {
    /// With the backends' port, where that is another one.
    fileprivate var portTexts: [String] {
        ports.map { port in port.description + (targets[port].map { " to \($0)" } ?? "") }
    }

    fileprivate var masqueradeText: String? { masquerade.map { "\($0.lowerBound)-\($0.upperBound)" } }

    fileprivate var tunnelPortText: String? { tunnelPort == 0 ? nil : "\(tunnelPort)" }
    fileprivate var vniText: String? { forward.hasNetworks ? "\(vni)" : nil }

    private var forwardText: String {
        "forward \(forward.rawValue)" + (tunnelPortText.map { " port \($0)" } ?? "")
            + (masqueradeText.map { ", masquerade \($0)" } ?? "") + (vniText.map { " vni \($0)" } ?? "")
            + (mtu.map { " mtu \($0)" } ?? "")
    }

    fileprivate func summary(_ names: PeerNames) -> String {
        let members = shortened(backends.map { "\($0.name) \($0.summary)" }, separator: ", ")
        return [
            "vips " + shortened(allVIPs.map(\.shortText), separator: ", "),
            "ports " + shortened(portTexts, separator: ", "),
            sources == nil ? nil : "sources " + shortened(names.sources(of: self), separator: ", "),
            forwardText, "scheduler \(scheduler.rawValue)", "drain-time \(drainTime)s",
            unavailable == .drop ? nil : "unavailable \(unavailable.rawValue)",
            affinityText.map { "affinity \($0)" }, groupText.map { "groups \($0)" },
            backends.isEmpty ? "no backends" : "backends \(members)",
        ].compactMap(\.self).joined(separator: "; ")
    }

    fileprivate var groupText: String? {
        groups.isEmpty ? nil : shortened(groups.map(\.description), separator: ", ")
    }

    fileprivate var affinityText: String? { affinity > 0 ? "\(affinity)s" : nil }
}

extension Service.QUIC {
    fileprivate var text: String { "id \(idLength) bytes at \(idOffset) of \(cidLength)" }
}

extension [UInt8] {
    fileprivate var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension BackendState {
    fileprivate var stateText: String { draining ? "draining" : "up" }

    fileprivate var summary: String {
        "\(address) weight \(weight)" + (group.map { " group \($0)" } ?? "") + (zone.map { " zone \($0)" } ?? "")
            + (mac.map { " mac \($0)" } ?? "")
            + (draining ? " draining" : "")
    }

    /// Compared before any text is made, since most backends of a large file are as they were.
    fileprivate func differs(from other: BackendState) -> Bool {
        address != other.address || weight != other.weight || mac != other.mac || draining != other.draining
            || group != other.group || zone != other.zone || slowStart != other.slowStart
            || tunnelSource != other.tunnelSource || quicID != other.quicID
    }
}
