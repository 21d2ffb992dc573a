public import Net

/// What an operator wrote, validated: every name resolves, every value is in range, nothing is implied any more.
///
/// A document is the union of all files given together. Order is the order of the files and, inside a file, of the
/// text; order decides only which of two equal rules is named and the order of lists that people read.
public struct Document: Hashable, Sendable {
    public var interfaces: [Interface] = []
    public var defaults = Defaults()
    public var identities: [Identity] = []
    public var zones: [Zone] = []
    public var services: [Service] = []
    public var rules: [Rule] = []
    public var tests: [FlowTest] = []

    public init() {}
}

/// A place in a source file; line and column count from 1, columns in characters.
public struct Position: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int = 1, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension Position: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column)" }
}

/// A network interface that the data plane is attached to.
public struct Interface: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable, CaseIterable { case auto, native, generic }
    public enum NextHop: Hashable, Sendable {
        /// Ask the kernel's routing and neighbour tables, and cache the answer.
        case auto
        /// All forwarded packets go to this address on the interface they came from.
        case fixed(MACAddress)
    }

    public var name: String
    public var mode = Mode.auto
    public var nextHop = NextHop.auto
    /// At most one of each encapsulation, on different ports.
    public var decapsulate: [Decapsulation] = []
    /// Outer source addresses of tunnelled packets, at most one of each family; empty: the kernel's choice per route.
    public var tunnelSources: [IPAddress] = []
    public var position: Position

    public init(name: String, position: Position) {
        self.name = name
        self.position = position
    }
}

public enum Action: String, Hashable, Sendable, CaseIterable { case allow, deny }

public struct Defaults: Hashable, Sendable {
    public var ingress = Action.deny
    /// True: ICMP echo to a VIP is answered for every source that no rule denies.
    public var echoReply = false
    public var clients = Clients.node
    /// Processes of this control group and those below it only, named as in `/proc/PID/cgroup`. `nil`: all that the
    /// node's control groups hold, where the node has them.
    public var clientGroup: String?
    public var flows = FlowSettings()
    /// The node's ports that masqueraded flows come from. Outside of those that Linux gives to the node's own
    /// connections (`net.ipv4.ip_local_port_range`), which must not meet them.
    public var masqueradePorts: ClosedRange<UInt16> = 61000...UInt16.max

    public init() {}
}

/// How flows of services are remembered.
public struct FlowSettings: Hashable, Sendable {
    /// Seconds after its last packet in which a flow is forgotten, by protocol. TCP: RFC 5382, REQ-5; UDP: RFC 4787,
    /// REQ-5; SCTP: as TCP.
    public var idleTCP = 7440
    public var idleUDP = 300
    public var idleSCTP = 7440
    /// New flows that each CPU remembers in a second; `nil`: as many as the table can take in without haste.
    public var newFlows: Int?

    public init() {}
}

/// Processes of the node itself that reach services.
public enum Clients: String, Hashable, Sendable, CaseIterable {
    /// Those in the data plane's own network namespace.
    case node
    /// Those in other network namespaces, too: containers.
    case all
    case none
}

/// A named set of addresses. Sets may overlap.
public struct Identity: Hashable, Sendable {
    public var name: String
    public var cidrs: [Prefix] = []
    public var except: [Prefix] = []
    public var labels: [String: String] = [:]
    public var position: Position

    public init(name: String, position: Position) {
        self.name = name
        self.position = position
    }
}

/// Where clients are, for services whose backends have zones. No address is in two zones.
public struct Zone: Hashable, Sendable {
    public var name: String
    public var cidrs: [Prefix] = []
    public var except: [Prefix] = []
    public var position: Position

    public init(name: String, position: Position) {
        self.name = name
        self.position = position
    }
}

/// VIPs and ports whose traffic is shared among backends.
public struct Service: Hashable, Sendable {
    public enum Forward: String, Hashable, Sendable, CaseIterable {
        case direct, ipip, gue, vxlan, geneve, nat
    }
    public enum Scheduler: String, Hashable, Sendable, CaseIterable {
        case maglev
        case roundRobin = "round-robin"
        case random
        case leastConnections = "least-connections"
        case latency
    }

    /// What a service without a usable backend answers.
    public enum Unavailable: String, Hashable, Sendable, CaseIterable {
        case drop
        /// A TCP reset; to other protocols as `unreachable`.
        case reset
        /// ICMP port unreachable.
        case unreachable
    }

    /// Where QUIC connection IDs hold the id of the server that gave them out (draft-ietf-quic-load-balancers).
    public struct QUIC: Hashable, Sendable {
        /// Bytes of the connection ID in front of the id.
        public var idOffset = 1
        /// 1…8 bytes.
        public var idLength = 4
        /// Of every connection ID that servers give out; 1…20 bytes.
        public var cidLength = 8

        public static let longestID = 8
        /// RFC 9000, section 17.2.
        public static let longestCID = 20

        public init() {}
    }

    /// What the service answers on: one port, a range of them, or all of TCP, UDP or SCTP.
    public struct Port: Hashable, Sendable {
        public var match: TrafficMatch
        /// The port that backends have instead; only with `nat`. `nil`: the same.
        public var target: UInt16?
        public var position: Position

        public init(match: TrafficMatch, target: UInt16? = nil, position: Position) {
            self.match = match
            self.target = target
            self.position = position
        }
    }

    public var name: String
    public var vips: [IPAddress] = []
    /// Prefixes each of whose addresses is a VIP; single hosts are among ``vips``.
    public var vipPrefixes: [Prefix] = []
    public var ports: [Port] = []
    public var forward = Forward.ipip
    /// With `nat`: backends see the node's address in place of the client's.
    public var masquerade = false
    /// The UDP port that tunnelled packets go to; 0 where the method has none.
    public var tunnelPort: UInt16 = 0
    /// The virtual network that they are in, 0…``highestVNI``; 0 where the method knows none.
    public var vni: UInt32 = 0
    /// The longest IP packet that is sent to a backend, outer headers included, in bytes; `nil`: what the path takes.
    public var mtu: UInt16?
    public var scheduler = Scheduler.maglev
    /// How datagrams name their backends; `nil`: they do not.
    public var quic: QUIC?
    /// Who may use the service at all, prefixes without exceptions and identities; `nil`: everybody. Never empty.
    public var sources: [Rule.Peer]?
    /// How long connections that were established before a change of the backend set keep their backend; seconds.
    public var drainTime = 3600
    public var unavailable = Unavailable.drop
    /// Empty: every backend's share follows from its own weight alone. Otherwise each backend is in one of them.
    public var groups: [Group] = []
    /// How long after its last packet a client keeps its backend; seconds, 0: no longer than its flows.
    public var affinity = 0
    public var backends: [Backend] = []
    public var position: Position

    public init(name: String, position: Position) {
        self.name = name
        self.position = position
    }
}

/// A part of a service's backends that has a share of new flows of its own, whatever is in it.
public struct Group: Hashable, Sendable {
    public var name: String
    /// 0…65535, in proportion to the other groups'; 0 takes no new flows.
    public var weight: UInt16 = 1
    public var position: Position

    public init(name: String, position: Position) {
        self.name = name
        self.position = position
    }
}

public struct Backend: Hashable, Sendable {
    public var name: String
    public var address: IPAddress
    /// 0…65535, in proportion to the other backends', where the service has groups to those of its group; 0 takes no new
    /// flows.
    public var weight: UInt16 = 1
    /// One of the service's groups; `nil` where it has none.
    public var group: String?
    /// What its QUIC connection IDs hold, as many bytes as the service says.
    public var quicID: [UInt8]?
    /// One of the document's zones: clients of the same one are preferably sent here.
    public var zone: String?
    /// Seconds over which a backend that is new in its service comes to its whole share; 0: it has it at once.
    public var slowStart = 0
    /// For `direct`, where the neighbour table is not to be asked; for `vxlan` and `geneve`, that of the device behind
    /// the tunnel, where it is not ``MACAddress/init(derivedFrom:)``.
    public var mac: MACAddress?
    public var position: Position

    public init(name: String, address: IPAddress, position: Position) {
        self.name = name
        self.address = address
        self.position = position
    }
}

/// One entry of `policies`.
public struct Rule: Hashable, Sendable {
    public enum Peer: Hashable, Sendable {
        case any
        /// Every address that no identity of the document holds.
        case world
        /// All addresses local to the node; only in `to`.
        case node
        case identity(String)
        /// The identities that carry all of these labels.
        case labels([String: String])
        case cidr(Prefix, except: [Prefix])
        /// Only in `to`.
        case service(String)
    }

    public var name: String
    /// Never empty.
    public var from: [Peer]
    /// Never empty.
    public var to: [Peer]
    /// `nil`: every protocol and port. Never empty.
    public var ports: [TrafficMatch]?
    public var action = Action.allow
    /// -32768…32767, higher first.
    public var priority: Int16 = 0
    public var position: Position

    public init(name: String, from: [Peer], to: [Peer], position: Position) {
        self.name = name
        self.from = from
        self.to = to
        self.position = position
    }
}

/// An entry of `tests`: what the published tables must answer.
public struct FlowTest: Hashable, Sendable {
    public var flow: Flow
    public var expect: Action
    public var position: Position

    public init(flow: Flow, expect: Action, position: Position) {
        self.flow = flow
        self.expect = expect
        self.position = position
    }
}
