/// What can become of a packet, in the order and under the symbols of the data path's own list.
public enum Outcome: String, CaseIterable, Hashable, Sendable {
    case passUpkeep = "PASS_UPKEEP"
    case passAllowed = "PASS_ALLOWED"
    case passDefault = "PASS_DEFAULT"
    case passReply = "PASS_REPLY"
    case txForwarded = "TX_FORWARDED"
    case passForwarded = "PASS_FORWARDED"
    case txReply = "TX_REPLY"
    case redirectReply = "REDIRECT_REPLY"
    case redirectReplyResolve = "REDIRECT_REPLY_RESOLVE"
    case txEcho = "TX_ECHO"
    case redirectForwarded = "REDIRECT_FORWARDED"
    case redirectResolve = "REDIRECT_RESOLVE"
    case dropMalformed = "DROP_MALFORMED"
    case dropNotIP = "DROP_NOT_IP"
    case dropNoService = "DROP_NO_SERVICE"
    case dropSource = "DROP_SOURCE"
    case dropPolicy = "DROP_POLICY"
    case dropDefault = "DROP_DEFAULT"
    case dropNoBackend = "DROP_NO_BACKEND"
    case dropFragment = "DROP_FRAGMENT"
    case dropTooBig = "DROP_TOO_BIG"
    case dropNoRoute = "DROP_NO_ROUTE"
    case dropHopLimit = "DROP_HOP_LIMIT"
    case dropNoPort = "DROP_NO_PORT"
    case dropNoFlow = "DROP_NO_FLOW"
    case dropTunnel = "DROP_TUNNEL"
    case dropTunnelVNI = "DROP_TUNNEL_VNI"
    case dropTunnelECN = "DROP_TUNNEL_ECN"
    /// A table held something impossible. The model has no tables, so it never judges so.
    case dropInternal = "DROP_INTERNAL"
    /// The program's second part is gone. The model is of one piece, so it never judges so.
    case dropTailCall = "DROP_TAIL_CALL"

    /// The `reason` that people and scripts see.
    public var reason: String {
        switch self {
        case .passUpkeep: "upkeep"
        case .passAllowed, .passForwarded, .txForwarded, .redirectForwarded, .redirectResolve: "allowed"
        case .passDefault, .dropDefault: "default"
        case .passReply, .txReply, .redirectReply, .redirectReplyResolve: "reply"
        case .txEcho: "echo"
        case .dropMalformed: "malformed"
        case .dropNotIP: "not_ip"
        case .dropNoService: "no_service"
        case .dropSource: "source"
        case .dropPolicy: "policy"
        case .dropNoBackend: "no_backend"
        case .dropFragment: "fragment"
        case .dropTooBig: "too_big"
        case .dropNoRoute: "no_route"
        case .dropHopLimit: "hop_limit"
        case .dropNoPort: "no_port"
        case .dropNoFlow: "no_flow"
        case .dropTunnel: "tunnel"
        case .dropTunnelVNI: "tunnel_vni"
        case .dropTunnelECN: "tunnel_ecn"
        case .dropInternal: "internal"
        case .dropTailCall: "tail_call"
        }
    }

    /// What usually happens to the frame: a packet too big is dropped, though an answer may go out in its place.
    public var action: FrameAction {
        switch self {
        case .passUpkeep, .passAllowed, .passDefault, .passReply, .passForwarded: .pass
        case .txForwarded, .txReply, .txEcho: .tx
        case .redirectForwarded, .redirectResolve, .redirectReply, .redirectReplyResolve: .redirect
        case .dropMalformed, .dropNotIP, .dropNoService, .dropSource, .dropPolicy, .dropDefault, .dropNoBackend,
            .dropFragment, .dropTooBig, .dropNoRoute, .dropHopLimit, .dropNoPort, .dropNoFlow, .dropTunnel,
            .dropTunnelVNI, .dropTunnelECN, .dropInternal,
            .dropTailCall:
            .drop
        }
    }
}

public enum FrameAction: String, Hashable, Sendable {
    case pass, drop
    /// Out of the interface it came from.
    case tx
    case redirect
}
