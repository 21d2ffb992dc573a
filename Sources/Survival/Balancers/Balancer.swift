public import Plan

/// One node's way to choose backends. It knows what it was given and what it saw, and nothing of other nodes.
public protocol Balancer: AnyObject {
    /// Publishes another state.
    func publish(_ service: ServiceState)

    /// The number of the backend that a packet goes to; `nil` where there is none.
    ///
    /// - Parameter now: Seconds, as in the states.
    func choose(for connection: Connection, opens: Bool, now: UInt64) -> Int?
}

/// What the simulator compares.
public enum Strategy: String, CaseIterable, Sendable {
    /// The ring of consistent hashing, nothing remembered.
    case ring = "hash ring"
    /// The Maglev table, nothing remembered.
    case maglev = "Maglev"
    /// The Maglev table for what is new; every connection remembered by the node that it came through.
    case tracking = "Maglev and connection tracking"
    /// What the data path does.
    case sluice = "Sluice"

    var remembers: Bool { self == .tracking || self == .sluice }

    /// - Parameter memory: Connections that a node can remember, if its strategy does.
    func balancer(memory: Int) -> any Balancer {
        switch self {
        case .ring: RingBalancer()
        case .maglev: MaglevBalancer()
        case .tracking: TrackingBalancer(memory: memory)
        case .sluice: SluiceBalancer(memory: memory)
        }
    }
}

extension Connection {
    /// What tells it from every other one in a node's memory.
    var key: UInt64 { UInt64(hash) << 32 | path >> 32 }
}
