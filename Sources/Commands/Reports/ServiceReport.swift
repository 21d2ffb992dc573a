import Net

/// What `service list` and `service show` tell of services.
struct ServiceReport: Report, Equatable {
    struct Service: Equatable, Sendable {
        var name: String
        var vips: [Prefix]
        var ports: [TrafficMatch]
        var forward: String
        var scheduler: String
        /// Seconds; `nil`: none.
        var affinity: Int?
        var traffic: Traffic
        /// Packets whose QUIC connection ID should name a backend and names none; `nil` where none should.
        var unknownQUIC: UInt64?
        var groups: [Group] = []
        var backends: [Backend]

        var up: Int { backends.count { $0.state == .up } }
    }

    struct Group: Equatable, Sendable {
        var name: String
        var weight: UInt16
    }

    struct Backend: Equatable, Sendable {
        enum State: String, Sendable {
            case up
            /// Keeps the connections it has and takes no new ones: drained, of weight 0, or in a group of weight 0.
            case draining
        }

        var name: String
        var address: IPAddress
        var weight: UInt16
        var group: String? = nil
        var zone: String? = nil
        var state: State
        /// Live flows; `nil` where the service's flows are not all remembered.
        var flows: Int?
        /// How long handshakes take, in microseconds; `nil` where that is not measured, or was not yet.
        var handshake: Int?
        var traffic: Traffic
        /// Connections that a draining backend still has; `nil` where it is up.
        var connections: Int? = nil
        /// Seconds until nothing goes to a draining backend any more; `nil` where it is up, or that time has come.
        var drainSeconds: Int? = nil

        /// `draining, 17 flows, ends in 9m58s`
        var condition: String {
            guard state == .draining else { return state.rawValue }
            let flows = connections.map { ", \($0) \($0 == 1 ? "flow" : "flows")" } ?? ""
            return state.rawValue + flows + (drainSeconds.map { ", ends in \($0.asDuration)" } ?? "")
        }
    }

    var services: [Service]
    /// Whether each service's backends follow it (`show`), or only their count (`list`).
    var detailed = false

    var json: JSON { ["services": .array(services.map(\.json))] }

    func text(_ style: Style) -> String {
        detailed ? services.map { $0.details(style) }.joined(separator: "\n") : overview(style)
    }

    private func overview(_ style: Style) -> String {
        var table = Table("SERVICE", "VIPS", "PORTS", "FORWARD", "UP", "PACKETS", "BYTES")
        for service in services {
            table.add(
                .init(service.name), .init(service.vips.map(\.shortText).list), .init(service.ports.list),
                .init(service.forward),
                .init("\(service.up)/\(service.backends.count)", service.up == 0 ? .red : nil),
                .init(service.traffic.packets), .init(service.traffic.bytes))
        }
        return table.text(style)
    }
}

extension ServiceReport.Service {
    fileprivate var json: JSON {
        .object(
            [
                .init(key: "name", value: .string(name)),
                .init(key: "vips", value: JSON(texts: vips.map(\.shortText))),
                .init(key: "ports", value: JSON(texts: ports)),
                .init(key: "forward", value: .string(forward)),
                .init(key: "scheduler", value: .string(scheduler)),
                .init(key: "affinity", value: affinity.map { JSON($0) } ?? .null),
            ] + traffic.members + (unknownQUIC.map { [.init(key: "quic_unknown", value: JSON($0))] } ?? []) + [
                .init(key: "groups", value: .array(groups.map(\.json))),
                .init(key: "backends", value: .array(backends.map(\.json))),
            ])
    }

    fileprivate func details(_ style: Style) -> String {
        var table = Table(
            "BACKEND", "ADDRESS", "GROUP", "ZONE", "WEIGHT", "STATE", "FLOWS", "HANDSHAKE", "PACKETS", "BYTES")
        for backend in backends {
            table.add(
                .init(backend.name), .init(backend.address), .init(backend.group), .init(backend.zone),
                .init(backend.weight), .init(backend.condition, backend.state == .up ? .green : .yellow),
                .init(backend.flows), .init(backend.handshake.map { "\($0) us" }),
                .init(backend.traffic.packets), .init(backend.traffic.bytes))
        }
        return Facts(
            [
                ("service", name), ("vips", vips.map(\.shortText).list), ("ports", ports.list), ("forward", forward),
                ("scheduler", scheduler), ("affinity", affinity.map { "\($0) s" } ?? "none"),
                ("groups", groups.map { "\($0.name) \($0.weight)" }.joined(separator: ", ")),
                ("packets", "\(traffic.packets)"), ("bytes", "\(traffic.bytes)"),
            ] + (unknownQUIC.map { [("unknown quic", "\($0)")] } ?? [])
        ).text(style) + "\n" + (backends.isEmpty ? "no backends\n" : table.text(style))
    }
}

extension ServiceReport.Group {
    fileprivate var json: JSON { ["name": .string(name), "weight": JSON(weight)] }
}

extension ServiceReport.Backend {
    fileprivate var json: JSON {
        .object(
            [
                .init(key: "name", value: .string(name)),
                .init(key: "address", value: JSON(address)),
                .init(key: "weight", value: JSON(weight)),
                .init(key: "group", value: group.map(JSON.string) ?? .null),
                .init(key: "zone", value: zone.map(JSON.string) ?? .null),
                .init(key: "state", value: .string(state.rawValue)),
                .init(key: "flows", value: flows.map { JSON($0) } ?? .null),
                .init(key: "handshake_us", value: handshake.map { JSON($0) } ?? .null),
                .init(key: "connections", value: connections.map { JSON($0) } ?? .null),
                .init(key: "drain_ends_in", value: drainSeconds.map { JSON($0) } ?? .null),
            ] + traffic.members)
    }
}

extension Int {
    /// Seconds as people write durations: `9m58s`.
    fileprivate var asDuration: String {
        let parts = [(self / 86_400, "d"), (self / 3600 % 24, "h"), (self / 60 % 60, "m"), (self % 60, "s")]
        let text = parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0)\($0.1)" }.joined()
        return text.isEmpty ? "0s" : text
    }
}
