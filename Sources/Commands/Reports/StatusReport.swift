/// What `status` tells: whether it runs, where, and how it goes.
struct StatusReport: Report, Equatable {
    struct Interface: Equatable, Sendable {
        var name: String
        /// As attached: `native` or `generic`; `nil`: not attached, which is a fault.
        var mode: String?
        var packets: Dispositions
    }

    struct Services: Equatable, Sendable {
        var total: Int
        /// Those with at least one backend that takes new flows.
        var up: Int
        var down: [String]
    }

    /// Processes of the node that reach services.
    struct LocalClients: Equatable, Sendable {
        /// `node` or `all`.
        var scope: String
        /// As in `/proc/PID/cgroup`.
        var cgroup: String
        var attached: Bool
    }

    var instance: String
    /// The kernel's number of the running program, as `bpftool prog` shows it.
    var program: UInt32?
    /// Which of the two halves of the tables packets use: 0 or 1; every publish turns it over.
    var generation: UInt32
    /// When, as RFC 3339 writes it, in UTC.
    var published: String
    var interfaces: [Interface]
    var services: Services
    /// `nil`: none do.
    var localClients: LocalClients?
    var policies: Int
    var overrides: [String]
    /// Of all packets, those of interfaces that are no longer in the file included.
    var packets: Dispositions
    /// Packets of flows that were not remembered, because too many began in that second.
    var unremembered: UInt64
    /// What is not as it should be; empty when all is well.
    var problems: [String]

    var json: JSON {
        [
            "instance": .string(instance),
            "program": program.map { JSON($0) } ?? .null,
            "generation": JSON(generation),
            "published": .string(published),
            "interfaces": .array(
                interfaces.map {
                    ["name": .string($0.name), "mode": JSON($0.mode), "packets": $0.packets.json]
                }),
            "services": [
                "total": JSON(services.total), "up": JSON(services.up), "down": JSON(texts: services.down),
            ],
            "local_clients": localClients.map {
                ["scope": .string($0.scope), "cgroup": .string($0.cgroup), "attached": .bool($0.attached)]
            } ?? .null,
            "policies": JSON(policies),
            "overrides": JSON(texts: overrides),
            "packets": packets.json,
            "unremembered": JSON(unremembered),
            "problems": JSON(texts: problems),
        ]
    }

    func text(_ style: Style) -> String {
        let servicesUp = "\(services.up) of \(services.total) up"
        var text = Facts([
            ("instance", instance), ("program", program.map { "\($0)" } ?? ""), ("generation", "\(generation)"),
            ("published", published), ("policies", "\(policies)"),
            ("services", services.down.isEmpty ? servicesUp : servicesUp + ", down: " + services.down.list),
            ("local clients", localClients.map { "\($0.scope), control group \($0.cgroup)" } ?? "none"),
            ("unremembered", "\(unremembered)"),
        ]).text(style)

        var table = Table("INTERFACE", "MODE", "PASS", "DROP", "TX", "REDIRECT")
        for interface in interfaces {
            table.add(
                .init(interface.name),
                interface.mode.map { .init($0, $0 == "native" ? .green : .yellow) } ?? .init("detached", .red),
                .init(interface.packets.pass), .init(interface.packets.drop), .init(interface.packets.tx),
                .init(interface.packets.redirect))
        }
        text += "\n" + table.text(style)
        if !overrides.isEmpty {
            text += "\n" + style.paint("overrides", .bold) + "\n" + overrides.map { "  \($0)\n" }.joined()
        }
        if !problems.isEmpty {
            text += "\n" + style.paint("problems", .red) + "\n" + problems.map { "  \($0)\n" }.joined()
        }
        return text
    }
}
