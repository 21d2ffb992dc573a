public import Image
public import Plan
public import Policy

/// Everything that becomes effective in one step.
public struct Publication: Sendable {
    /// Of the image, 64 bytes each.
    public let lines: Int
    /// Writes the image (`bpf/abi/image.h`) to memory of at least that size.
    let write: @Sendable (UnsafeMutableRawBufferPointer) -> Void
    /// The interfaces to be attached when this is published; others of the instance are detached.
    public var interfaces: [Attachment]
    /// The node's processes whose sockets meet services; nil: none do.
    public var clients: ClientGroup?
    /// Room that counters and next hops need.
    public var needs: SlotNeeds
    /// Slots whose owner is new: they start from zero.
    public var fresh: FreshSlots

    /// `image` must be whole lines.
    public init(image: [UInt8], interfaces: [Attachment], needs: SlotNeeds, fresh: FreshSlots = FreshSlots()) {
        lines = image.count / lineBytes
        write = { destination in image.withUnsafeBytes { destination.copyMemory(from: $0) } }
        self.interfaces = interfaces
        self.needs = needs
        self.fresh = fresh
    }

    /// The publication of `image`, and of the state that it was compiled from, after the state `previous`.
    public init(_ image: Image, after previous: State?) {
        let state = image.published.state
        lines = image.needs.lines
        write = { image.write(to: $0) }
        interfaces = state.interfaces.map(Attachment.init)
        if state.servedClients != .none { clients = ClientGroup(state.clientGroup) }
        needs = SlotNeeds(state)
        fresh = FreshSlots(of: state, after: previous)
    }
}

/// An interface that packets are to be filtered on.
public struct Attachment: Hashable, Sendable {
    public var name: String
    /// The kernel's index.
    public var index: UInt32
    public var mode: Interface.Mode

    public init(name: String, index: UInt32, mode: Interface.Mode = .auto) {
        self.name = name
        self.index = index
        self.mode = mode
    }

    public init(_ interface: InterfaceState) {
        self.init(name: interface.name, index: interface.index, mode: interface.mode)
    }
}

/// The processes of a control group.
public struct ClientGroup: Hashable, Sendable {
    /// As in `/proc/PID/cgroup`.
    public var name: String
    /// Whether the operator asked for it: then it is an error not to have it, else a warning.
    public var isRequired: Bool

    /// - Parameter name: nil: whatever there is.
    public init(_ name: String?) {
        self.name = name ?? "/"
        isRequired = name != nil
    }
}

/// One more than the highest slot in use, by kind.
public struct SlotNeeds: Hashable, Sendable {
    public var interfaces: UInt32
    public var rules: UInt32
    public var services: UInt32
    public var backends: UInt32

    public init(interfaces: UInt32 = 1, rules: UInt32 = 1, services: UInt32 = 0, backends: UInt32 = 1) {
        self.interfaces = interfaces
        self.rules = rules
        self.services = services
        self.backends = backends
    }

    public init(_ state: State) {
        interfaces = (state.interfaces.lazy.map(\.slot).max() ?? 0) + 1
        rules = (state.rules.lazy.map(\.slot).max() ?? 0) + 1
        services = (state.services.lazy.map(\.slot).max() ?? 0) + 1
        backends = (state.services.lazy.flatMap(\.backends).map(\.slot).max() ?? 0) + 1
    }
}

/// Counter slots that had no owner, or another one, in the state before.
public struct FreshSlots: Hashable, Sendable {
    public var interfaces: [UInt32] = []
    public var rules: [UInt32] = []
    public var services: [UInt32] = []
    public var backends: [UInt32] = []

    public init() {}

    public init(of state: State, after previous: State?) {
        guard let previous else { return }
        interfaces = Self.fresh(state.interfaces, previous.interfaces) { Owner(slot: $0.slot, name: $0.name) }
        rules = Self.fresh(state.rules, previous.rules) { Owner(slot: $0.slot, name: $0.name) }
        services = Self.fresh(state.services, previous.services) { Owner(slot: $0.slot, name: $0.name) }
        let old = Dictionary(previous.services.map { ($0.name, $0.backends) }) { first, _ in first }
        for service in state.services {
            guard let known = old[service.name] else {
                backends += service.backends.map(\.slot)
                continue
            }
            if known == service.backends { continue }
            backends += Self.fresh(service.backends, known) { Owner(slot: $0.slot, name: "\($0.name) \($0.address)") }
        }
        backends.sort()
    }

    private struct Owner: Hashable {
        var slot: UInt32
        /// What the counters are about.
        var name: String
    }

    private static func fresh<Element>(
        _ new: [Element], _ old: [Element], owner: (Element) -> Owner
    ) -> [UInt32] {
        let known = Set(old.map(owner))
        return new.map(owner).filter { !known.contains($0) }.map(\.slot).sorted()
    }
}

/// What a publish did beyond swapping the tables.
public struct PublicationReport: Sendable {
    /// Nothing of the instance was running before.
    public var started = false
    /// Why the programs were replaced, if they were.
    public var reloaded: String?
    public var attached: [String] = []
    public var detached: [String] = []
    /// What the operator should know, a clause each.
    public var warnings: [String] = []

    public init() {}
}
