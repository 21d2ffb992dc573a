import Net
import Packets

/// What outlives a packet. Times are seconds, and every lifetime includes its last; nothing is evicted before.
struct FlowMemory {
    struct FragmentKey: Hashable {
        let source: IPAddress
        let destination: IPAddress
        let identification: UInt32
        let ipProtocol: IPProtocol
    }

    /// The backend of a flow to a service, or of a client.
    struct Connection {
        enum State { case opening, open, closing }
        let slot: UInt32
        let address: IPAddress
        var state = State.opening
        var seen: UInt64
    }

    struct Client: Hashable {
        let address: IPAddress
        /// Its counter's place.
        let service: UInt32
    }

    /// What packets of a flow through `nat` are turned into.
    struct Translation {
        var flow: FlowKey
        var slot: UInt32
        var address: IPAddress
        /// The packets are the backend's.
        var isReply = false
        var state: Lifecycle
        var seen: UInt64
    }

    enum Lifecycle { case opening, open, closing }

    private struct Tracked {
        typealias State = Lifecycle
        var state: State
        var seen: UInt64
    }

    /// By the reply's key.
    private var tracked: [FlowKey: Tracked] = [:]
    private var inbound: [FlowKey: UInt64] = [:]
    private var fragments: [FragmentKey: (transport: Transport, seen: UInt64)] = [:]
    var connections: [FlowKey: Connection] = [:]
    var clients: [Client: Connection] = [:]
    /// Flows that each service has scheduled, by its counter's place.
    var positions: [UInt32: UInt64] = [:]
    private var translations: [FlowKey: Translation] = [:]

    private static let fragmentLifetime: UInt64 = 30
    private static let otherLifetime: UInt64 = 300

    private static func lifetime(_ state: Tracked.State, _ ipProtocol: IPProtocol) -> UInt64 {
        switch state {
        case _ where ipProtocol != .tcp: otherLifetime
        case .opening: 120
        case .open: 7440
        case .closing: 30
        }
    }

    // MARK: Fragments

    mutating func rememberFragment(_ key: FragmentKey, _ transport: Transport, now: UInt64) {
        fragments[key] = (transport.remembered, now)
    }

    func firstFragment(_ key: FragmentKey, now: UInt64) -> Transport? {
        guard let first = fragments[key], now - first.seen <= Self.fragmentLifetime else { return nil }
        return first.transport
    }

    // MARK: Translated flows

    /// While it lives.
    func translation(of flow: FlowKey, now: UInt64) -> Translation? {
        guard let known = translations[flow],
            now - known.seen <= Self.lifetime(known.state, flow.ipProtocol)
        else { return nil }
        return known
    }

    /// Notes a further packet. Neither direction outlives the other.
    mutating func follow(translationOf flow: FlowKey, _ transport: Transport, now: UInt64) {
        guard var known = translations[flow] else { return }
        if transport.flags.closesConnection {
            known.state = .closing
        } else if known.state == .opening, !transport.opensConnection {
            known.state = .open
        }
        known.seen = now
        translations[flow] = known
        translations[known.flow.reversed]?.seen = now
    }

    mutating func translate(_ flow: FlowKey, _ translation: Translation) {
        var reply = translation
        reply.flow = flow.reversed
        reply.isReply = true
        translations[flow] = translation
        translations[translation.flow.reversed] = reply
    }

    // MARK: Datagram flows that peers opened

    mutating func rememberInbound(_ flow: FlowKey, now: UInt64) { inbound[flow] = now }

    /// True where the node answers such a flow with `flow`; the flow lives on.
    mutating func isAnswer(_ flow: FlowKey, now: UInt64) -> Bool {
        guard let seen = inbound[flow.reversed], now - seen <= Self.otherLifetime else { return false }
        inbound[flow.reversed] = now
        return true
    }

    // MARK: Flows that the node opened

    private func live(_ reply: FlowKey, now: UInt64) -> Tracked? {
        guard let flow = tracked[reply], now - flow.seen <= Self.lifetime(flow.state, reply.ipProtocol) else {
            return nil
        }
        return flow
    }

    func isTracked(reply: FlowKey, now: UInt64) -> Bool { live(reply, now: now) != nil }

    mutating func open(reply: FlowKey, now: UInt64) { tracked[reply] = Tracked(state: .opening, seen: now) }

    /// A further packet: a reply, or one that closes the connection. False where the flow is not, or no longer, known.
    mutating func follow(reply: FlowKey, _ flags: TCPSegment.Flags, now: UInt64) -> Bool {
        guard var flow = live(reply, now: now) else { return false }
        if flags.closesConnection {
            flow.state = .closing
        } else if flow.state == .opening {
            flow.state = .open
        }
        flow.seen = now
        tracked[reply] = flow
        return true
    }
}
