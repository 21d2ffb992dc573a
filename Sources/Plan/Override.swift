public import Net

/// What an operator changed through the CLI, kept until `apply --reset`.
public struct Override: Hashable, Sendable {
    public enum Change: Hashable, Sendable {
        case add(address: IPAddress, weight: UInt16, group: String? = nil, zone: String? = nil)
        case remove
        case drain
        /// For so many seconds, up to `end` of the boot clock (`CLOCK_MONOTONIC`, seconds); then nothing goes there.
        case drainFor(seconds: Int, end: UInt64)
        case undrain
        case weight(UInt16)
        /// The weight of a group.
        case split(UInt16)
    }

    public var service: String
    /// For ``Change/split(_:)``: the group.
    public var backend: String
    public var change: Change

    public init(service: String, backend: String, change: Change) {
        self.service = service
        self.backend = backend
        self.change = change
    }
}

extension Override: CustomStringConvertible {
    /// As it is typed behind `sluice`.
    public var description: String {
        switch change {
        case .add(let address, let weight, let group, let zone):
            "backend add \(service) \(backend) \(address) --weight \(weight)" + (group.map { " --group \($0)" } ?? "")
                + (zone.map { " --zone \($0)" } ?? "")
        case .remove: "backend remove \(service) \(backend)"
        case .drain: "backend drain \(service) \(backend)"
        case .drainFor(let seconds, _): "backend drain \(service) \(backend) --for \(seconds)s"
        case .undrain: "backend undrain \(service) \(backend)"
        case .weight(let weight): "backend weight \(service) \(backend) \(weight)"
        case .split(let weight): "service split \(service) \(backend) \(weight)"
        }
    }
}

extension [Override] {
    /// This list and then `override`, without what it makes void: the list stays as short as what it says.
    public func adding(_ override: Override) -> [Override] {
        let same = { (other: Override) in
            other.service == override.service && other.backend == override.backend
                && other.change.isSplit == override.change.isSplit
        }
        switch override.change {
        case .add:
            return self + [override]
        case .weight:
            return filter { !(same($0) && $0.change.isWeight) } + [override]
        case .split:
            return filter { !same($0) } + [override]
        case .drain, .drainFor:
            return filter { !(same($0) && $0.change.isDrain) } + [override]
        case .undrain:
            // A file cannot drain, so there is nothing left to undo.
            return filter { !(same($0) && $0.change.isDrain) }
        case .remove:
            guard let added = lastIndex(where: { same($0) && $0.change.isAdd }) else {
                return filter { !same($0) } + [override]
            }
            return self[..<added] + self[added...].filter { !same($0) }
        }
    }
}

extension Override.Change {
    fileprivate var isAdd: Bool {
        if case .add = self { true } else { false }
    }

    fileprivate var isWeight: Bool {
        if case .weight = self { true } else { false }
    }

    fileprivate var isSplit: Bool {
        if case .split = self { true } else { false }
    }

    fileprivate var isDrain: Bool {
        switch self {
        case .drain, .drainFor, .undrain: true
        default: false
        }
    }
}
