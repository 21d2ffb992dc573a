import Net
public import Plan

/// The reference model: what the data path means, with nothing in mind but meaning.
///
/// It judges a frame by the rules and sets of a `State` themselves, one after the other, and shares no code with the
/// compiler of the tables or with the program that walks them, so that what the three agree on is likely right.
public struct Oracle: Sendable {
    /// May be replaced between packets, as by a publish; what is remembered stays.
    public var state: State
    public var environment: Environment
    /// Seconds of the boot clock (`CLOCK_MONOTONIC`); set it between packets, never back.
    public var now: UInt64
    /// Slot of the backend that the data path chose where live counts or measured times decide, which the model does not
    /// keep: it takes this one where it was a candidate.
    public var preference: UInt32?
    var memory = FlowMemory()
    /// Per service slot: packets that should name a backend in a QUIC connection ID and do not.
    public private(set) var unknownQUIC: [UInt32: UInt64] = [:]

    public init(state: State, environment: Environment = Environment(), now: UInt64 = 0) {
        self.state = state
        self.environment = environment
        self.now = now
    }

    /// Judges a frame that comes in through the interface of this index, and remembers what it leads to.
    public mutating func judge(frame: [UInt8], interface: UInt32) -> Judgement {
        do throws(Refusal) {
            let link = try Link(frame)
            if link.isUpkeep { return Judgement(.passUpkeep) }
            let family: IPAddress.Family
            switch link.etherType {
            case 0x0800: family = .v4
            case 0x86DD: family = .v6
            default: throw Refusal.notIP
            }
            let packet = try Datagram(link.content, family)
            return try judge(packet, Arrival(link: link, interface: interface), isInner: false)
        } catch {
            return Judgement(error.outcome)
        }
    }
}

extension Oracle {
    /// The backend that a packet names; `nil`: none, which is counted where it should.
    mutating func backend(namedBy packet: Datagram, of service: ServiceState) -> BackendState? {
        switch quicRoute(packet, service) {
        case .open: return nil
        case .backend(let index): return service.backends[index]
        case .unknown:
            unknownQUIC[service.slot, default: 0] += 1
            return nil
        }
    }
}

/// How a packet came.
struct Arrival {
    let link: Link
    /// The kernel's index.
    let interface: UInt32
}

extension Oracle {
    /// `isInner`: the packet came in a tunnel that ended here. It is never balanced, and upkeep has no business in it,
    /// since it did not start on a link of the node's.
    mutating func judge(_ packet: Datagram, _ arrival: Arrival, isInner: Bool) throws(Refusal) -> Judgement {
        let own = state.nodeAddresses.contains(packet.source)
        if own, packet.isLaterFragment { throw .malformed }
        let transport = try transport(of: packet)
        var judgement: Judgement
        // Before the check of own addresses: a neighbour that uses the node's address must be heard (RFC 4862, 5.4).
        if try isUpkeep(packet, transport) {
            if isInner { throw .tunnel }
            judgement = Judgement(.passUpkeep)
        } else if own {
            throw .malformed
        } else if !isInner, let served = try judgeForService(packet, transport, arrival) {
            judgement = served
        } else if !isInner, let reply = judgeReply(packet, transport, arrival) {
            judgement = reply
        } else if !isInner, let end = tunnelEnd(of: packet, transport, arrival) {
            return try judgeTunnelled(packet, transport, end, arrival)
        } else if isVIP(packet.destination), !isOwn(packet.destination) {
            judgement = isInner ? Judgement(.dropNoService) : try judgeForVIP(packet, transport, arrival)
        } else {
            judgement = judgeForNodeOrTransit(packet, transport)
        }
        if judgement.service == nil { judgement.identities = identities(of: packet.source) }
        if judgement.outcome.action != .drop { rememberFragment(packet, transport) }
        return judgement
    }

    mutating func rememberFragment(_ packet: Datagram, _ transport: Transport) {
        guard let fragment = packet.fragment, fragment.offset == 0 else { return }
        memory.rememberFragment(packet.fragmentKey(fragment), transport, now: now)
    }

    /// From the packet, or from the first fragment of which it is a later one.
    func transport(of packet: Datagram) throws(Refusal) -> Transport {
        guard let fragment = packet.fragment, fragment.offset > 0 else { return try Transport(packet) }
        guard let first = memory.firstFragment(packet.fragmentKey(fragment), now: now) else { throw .fragment }
        return first
    }

    /// What a link or the node's own addresses need in order to work.
    func isUpkeep(_ packet: Datagram, _ transport: Transport) throws(Refusal) -> Bool {
        guard transport.icmpKind(packet) == .neighbourDiscovery else { return transport.isDHCPAnswer(packet) }
        guard packet.hopLimit == 255, packet.fragment == nil, case .v6(let source) = packet.source else {
            throw .malformed
        }
        let comesFromRouter = [134, 137].contains(transport.selector >> 8)
        guard !comesFromRouter || source.isLinkLocal else { throw .malformed }
        return true
    }

    /// As of the last publish; whether a VIP was given to the node later, its routing tables do not tell.
    func isOwn(_ address: IPAddress) -> Bool { state.nodeAddresses.contains(address) }

    func isVIP(_ address: IPAddress) -> Bool { state.services.contains { $0.hasVIP(address) } }
}

extension Datagram {
    fileprivate func fragmentKey(_ fragment: Fragment) -> FlowMemory.FragmentKey {
        FlowMemory.FragmentKey(
            source: source, destination: destination, identification: fragment.identification, ipProtocol: ipProtocol)
    }
}
