/// The keys of one kind of mapping: what this version knows, what it requires, and what it can only name.
struct KeyTable {
    /// With its article, for messages: `a service`.
    var noun: String
    /// In the order in which the documentation lists them.
    var keys: [String]
    var required: [String] = []
    /// Keys of the format that this version does not support, so that they are not taken for spelling mistakes.
    var unsupported: [String] = []

    static let document = KeyTable(
        noun: "the document",
        keys: ["version", "interfaces", "defaults", "identities", "zones", "services", "policies", "tests"],
        required: ["version"],
        unsupported: ["workloads", "never", "always", "failsafe"])

    static let interface = KeyTable(
        noun: "an interface", keys: ["mode", "next-hop", "decapsulate", "tunnel-source"])

    static let decapsulation = KeyTable(noun: "an encapsulation", keys: ["port", "vnis"])

    static let defaults = KeyTable(
        noun: "defaults",
        keys: [
            "ingress", "egress", "echo", "masquerade-ports", "local-clients", "client-cgroup", "idle", "new-flows",
        ])

    static let idle = KeyTable(noun: "idle times", keys: ["tcp", "udp", "sctp"])

    static let identity = KeyTable(noun: "an identity", keys: ["cidrs", "except", "labels"])

    static let zone = KeyTable(noun: "a zone", keys: ["cidrs", "except"])

    static let service = KeyTable(
        noun: "a service",
        keys: [
            "vips", "ports", "forward", "masquerade", "port", "vni", "mtu", "sources", "quic", "drain-time",
            "scheduler",
            "affinity", "unavailable", "groups", "backends",
        ],
        required: ["vips", "ports", "forward"],
        unsupported: ["health"])

    static let group = KeyTable(noun: "a group", keys: ["weight"])

    static let servicePort = KeyTable(
        noun: "a port of a service", keys: ["port", "target"], required: ["port"])

    static let quic = KeyTable(
        noun: "quic", keys: ["id-offset", "id-length", "cid-length"], required: ["id-length"])

    static let backend = KeyTable(
        noun: "a backend", keys: ["address", "weight", "group", "zone", "slow-start", "mac", "quic-id"],
        required: ["address"])

    static let policy = KeyTable(
        noun: "a policy", keys: ["from", "to", "ports", "action", "priority"], required: ["from", "to"])

    static let peer = KeyTable(noun: "a peer", keys: ["identity", "labels", "cidr", "except", "service"])

    static let test = KeyTable(noun: "a test", keys: ["from", "to", "expect"], required: ["from", "to", "expect"])
}
