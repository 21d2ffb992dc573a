public import Net
public import Policy

/// Everything the data plane must do, with all names resolved: what is compiled to tables, compared with another state,
/// and interpreted by the reference model.
///
/// A state is a pure function of the document, the facts of the node, and the state before it (which contributes
/// counter slots, so that counters survive, and previous backends, so that connections do).
public struct State: Equatable, Sendable {
    public var interfaces: [InterfaceState] = []
    public var ingressDefault = Action.deny
    public var echoReply = false
    public var clients = Clients.node
    /// The file's ``Defaults/clientGroup``.
    public var clientGroup: String?
    public var flows = FlowSettings()
    /// Address sets by index: every identity in the order of the file, then whatever else rules name.
    public var sets: [AddressSet] = []
    /// By falling precedence: priority, then deny before allow, then order in the file.
    public var rules: [RuleState] = []
    /// Of clients, sorted by name; none where no backend has a zone.
    public var zones: [ZoneState] = []
    public var services: [ServiceState] = []
    /// Addresses local to the node when the state was made, sorted, without loopback: sources that cannot be.
    public var nodeAddresses: [IPAddress] = []

    public init() {}

    /// Whose sockets meet services; nobody's where there are none.
    public var servedClients: Clients { services.isEmpty ? .none : clients }
}

public struct InterfaceState: Equatable, Sendable {
    public var name: String
    /// The kernel's index, from ``NodeFacts``.
    public var index: UInt32
    public var mtu: Int
    public var mac: MACAddress?
    public var mode: Interface.Mode
    public var nextHop: Interface.NextHop
    public var decapsulate: [Decapsulation]
    /// The file's; what backends use stands in ``BackendState/tunnelSource``.
    public var tunnelSources: [IPAddress]
    /// 1…63, stable while the name stays; 0 stands for packets of any other interface.
    public var slot: UInt32

    public init(
        name: String, index: UInt32, mtu: Int, mac: MACAddress?, mode: Interface.Mode = .auto,
        nextHop: Interface.NextHop = .auto, decapsulate: [Decapsulation] = [],
        tunnelSources: [IPAddress] = [], slot: UInt32
    ) {
        self.name = name
        self.index = index
        self.mtu = mtu
        self.mac = mac
        self.mode = mode
        self.nextHop = nextHop
        self.decapsulate = decapsulate
        self.tunnelSources = tunnelSources
        self.slot = slot
    }
}

/// A set of addresses as rules mean it: inside one of `prefixes` and inside none of `except`, per part.
public struct AddressSet: Equatable, Hashable, Sendable {
    public struct Part: Equatable, Hashable, Sendable {
        public var prefixes: [Prefix]
        public var except: [Prefix]

        public init(prefixes: [Prefix], except: [Prefix] = []) {
            self.prefixes = prefixes
            self.except = except
        }

        public func contains(_ address: IPAddress) -> Bool {
            prefixes.contains { $0.contains(address) } && !except.contains { $0.contains(address) }
        }
    }

    /// The identity's name, where the set is one.
    public var identity: String?
    /// The union of these; for `complement`, everything outside that union.
    public var parts: [Part]
    /// `world`: every address that none of `parts` holds.
    public var complement = false

    public init(identity: String? = nil, parts: [Part], complement: Bool = false) {
        self.identity = identity
        self.parts = parts
        self.complement = complement
    }

    public func contains(_ address: IPAddress) -> Bool { parts.contains { $0.contains(address) } != complement }
}

public struct RuleState: Equatable, Sendable {
    public enum Destination: Equatable, Hashable, Sendable {
        case any
        case node
        /// Index into ``State/sets``: any destination address in the set, be it a VIP's, the node's or beyond.
        case set(Int)
        /// Index into ``State/services``.
        case service(Int)
    }

    public var name: String
    /// `nil`: any source. Otherwise indices into ``State/sets``, rising; empty where no identity carries the labels.
    public var from: [Int]?
    public var to: [Destination]
    /// `nil`: every protocol and port.
    public var ports: [TrafficMatch]?
    public var action: Action
    public var priority: Int16
    /// Where its packets are counted; 1…, stable while the name stays. 0 is the default's.
    public var slot: UInt32
    public var position: Position

    public init(
        name: String, from: [Int]?, to: [Destination], ports: [TrafficMatch]? = nil, action: Action = .allow,
        priority: Int16 = 0, slot: UInt32, position: Position
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.ports = ports
        self.action = action
        self.priority = priority
        self.slot = slot
        self.position = position
    }
}

/// Where clients are. No address is in two zones.
public struct ZoneState: Equatable, Sendable {
    public var name: String
    /// Index into ``State/sets``.
    public var set: Int

    public init(name: String, set: Int) {
        self.name = name
        self.set = set
    }
}

public struct ServiceState: Equatable, Sendable {
    public var name: String
    public var vips: [IPAddress]
    /// Prefixes each of whose addresses is a VIP; none is a single host.
    public var vipPrefixes: [Prefix] = []
    /// Single ports, ranges of them, or all of a protocol.
    public var ports: [TrafficMatch]
    /// The ports that backends have instead of those of `ports`; with `nat`.
    public var targets: [TrafficMatch: UInt16]
    /// How datagrams name their backends; `nil`: they do not.
    public var quic: Service.QUIC?
    /// Who may use the service at all, as rising indices into ``State/sets``; `nil`: everybody.
    public var sources: [Int]?
    public var forward: Service.Forward
    /// With `nat`: the node's ports that flows come from; `nil`: backends see clients' own addresses and ports.
    public var masquerade: ClosedRange<UInt16>?
    /// As ``Service/tunnelPort``.
    public var tunnelPort: UInt16 = 0
    public var vni: UInt32 = 0
    /// As ``Service/mtu``.
    public var mtu: UInt16?
    public var scheduler: Service.Scheduler
    /// Seconds.
    public var drainTime: Int
    public var unavailable = Service.Unavailable.drop
    /// Sorted by name; empty where backends stand for themselves.
    public var groups: [GroupState] = []
    /// Seconds after its last packet that a client keeps its backend; 0: no longer than its flows.
    public var affinity: Int
    /// Sorted by name. A backend's index here is what the Maglev slots hold.
    public var backends: [BackendState]
    /// Where its packets are counted; 0…, stable while the name stays.
    public var slot: UInt32
    public var slots: ServiceSlots
    /// Tables for clients of zones that have backends here, sorted by zone; all other clients have ``slots``.
    public var zoneSlots: [ZoneSlots] = []

    public init(
        name: String, vips: [IPAddress], ports: [TrafficMatch], targets: [TrafficMatch: UInt16] = [:],
        forward: Service.Forward, masquerade: ClosedRange<UInt16>? = nil,
        scheduler: Service.Scheduler = .maglev, drainTime: Int, affinity: Int = 0, backends: [BackendState],
        slot: UInt32, slots: ServiceSlots = ServiceSlots()
    ) {
        self.name = name
        self.vips = vips
        self.ports = ports
        self.targets = targets
        self.forward = forward
        self.masquerade = masquerade
        self.scheduler = scheduler
        self.drainTime = drainTime
        self.affinity = affinity
        self.backends = backends
        self.slot = slot
        self.slots = slots
    }
}

extension ServiceState {
    /// Single addresses first.
    public var allVIPs: [Prefix] { vips.map { Prefix($0) } + vipPrefixes }

    public func hasVIP(_ address: IPAddress) -> Bool {
        vips.contains(address) || vipPrefixes.contains { $0.contains(address) }
    }

    /// Whether it answers on more than single ports of single addresses.
    public var isWide: Bool { !vipPrefixes.isEmpty || ports.contains { $0.selectors.count > 1 } }
}

/// A part of a service's backends with a share of its own.
public struct GroupState: Equatable, Hashable, Sendable {
    public var name: String
    /// In proportion to the other groups'.
    public var weight: UInt16

    public init(name: String, weight: UInt16) {
        self.name = name
        self.weight = weight
    }
}

extension GroupState: CustomStringConvertible {
    public var description: String { "\(name) \(weight)" }
}

extension ServiceState {
    /// Whether every flow is remembered. Else only datagrams are, and connections that begin while their slot is marked.
    public var isStateful: Bool { scheduler != .maglev || affinity > 0 }
}

public struct BackendState: Equatable, Sendable {
    public var name: String
    public var address: IPAddress
    public var weight: UInt16
    /// One of the service's groups, where it has any.
    public var group: String?
    public var zone: String?
    /// Seconds over which it comes to its whole share, from `rampStart` on.
    public var slowStart = 0
    /// Seconds of the boot clock (`CLOCK_MONOTONIC`): when it was new among others; 0: it never was.
    public var rampStart: UInt64 = 0
    /// Seconds of the boot clock from which on it gets nothing at all; 0: the service's drain time decides.
    public var drainEnd: UInt64 = 0
    public var mac: MACAddress?
    /// Weight counts as 0 while true; set by `backend drain`.
    public var draining: Bool
    /// What names it in QUIC connection IDs.
    public var quicID: [UInt8]?
    /// Source address of tunnels' outer headers and of masqueraded packets; `nil` where the method has none.
    public var tunnelSource: IPAddress?
    /// Where its packets are counted and its next hop is cached; 1…, new when service, name or address is new.
    public var slot: UInt32

    public init(
        name: String, address: IPAddress, weight: UInt16 = 1, mac: MACAddress? = nil, draining: Bool = false,
        tunnelSource: IPAddress? = nil, slot: UInt32
    ) {
        self.name = name
        self.address = address
        self.weight = weight
        self.mac = mac
        self.draining = draining
        self.tunnelSource = tunnelSource
        self.slot = slot
    }

    /// What counts among the backends of its group, or of the service: see ``ServiceState/shares``.
    public var effectiveWeight: UInt16 { draining ? 0 : weight }
}

public struct ZoneSlots: Equatable, Sendable {
    public var zone: String
    public var slots: ServiceSlots

    public init(zone: String, slots: ServiceSlots) {
        self.zone = zone
        self.slots = slots
    }
}

extension ServiceState {
    /// The table for a client of this zone, or of none.
    public func slots(near zone: String?) -> ServiceSlots {
        zone.flatMap { zone in zoneSlots.first { $0.zone == zone }?.slots } ?? slots
    }
}

/// A service's Maglev table, with what is needed to keep connections over a change of the backend set.
///
/// Where a slot is *marked*, packets that open a connection go to its `current` backend and the connection is
/// remembered; packets of connections that are not remembered go to its previous backend.
public struct ServiceSlots: Equatable, Sendable {
    /// Backend index per slot; empty where no backend takes new flows, even if some have connections left.
    public var current: [UInt16]
    /// Backends of connections established before; empty where no slot is marked.
    ///
    /// As many as `current`: by slot, ``none`` where the slot is plain. Any other count: the table's size changed,
    /// every slot is marked, and the previous backend is the one that the flow's hash gives when scaled to this
    /// count; ``none`` where that backend is gone, and `current` decides.
    public var previous: [UInt16]
    /// End of the drain time in seconds of the boot clock (`CLOCK_MONOTONIC`), from which on marks mean nothing; 0
    /// where no slot is marked.
    public var drainEnd: UInt64

    public static let none = UInt16.max

    public init(current: [UInt16] = [], previous: [UInt16] = [], drainEnd: UInt64 = 0) {
        self.current = current
        self.previous = previous
        self.drainEnd = drainEnd
    }
}

extension ServiceSlots: CustomStringConvertible {
    public var description: String {
        let marked = previous.count == current.count ? previous.count { $0 != Self.none } : current.count
        return "\(current.count) slots"
            + (previous.isEmpty ? "" : ", \(marked) marked from \(previous.count) until \(drainEnd)")
    }
}
