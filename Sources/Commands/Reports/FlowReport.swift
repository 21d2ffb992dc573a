import Net

/// What `flow list` tells: flows that the data path remembers.
struct FlowReport: Report, Equatable {
    struct Row: Equatable, Sendable {
        /// `tracked`: opened by this node; `inbound`: datagrams let in; `connection`: a flow bound to a backend;
        /// `client`: an address bound to a backend; `translated`: through a service that forwards by `nat`.
        var kind: String
        var source: IPAddress
        /// `nil` for protocols without ports.
        var sourcePort: UInt16?
        /// `nil` for clients, and so is the protocol.
        var destination: IPAddress?
        var destinationPort: UInt16?
        var ipProtocol: IPProtocol?
        /// `opening`, `open` or `closing`; `nil` where nobody keeps it.
        var state: String?
        /// `SERVICE/BACKEND`, for connections and clients.
        var backend: String?
        /// Whole seconds since the last packet.
        var idle: Int
        /// What is sent to the backend in its place.
        var translated: Translation?
    }

    struct Translation: Equatable, Sendable {
        var source: IPAddress
        var sourcePort: UInt16
        var destination: IPAddress
        var destinationPort: UInt16
    }

    var rows: [Row]

    var json: JSON {
        let flows = rows.map { row -> JSON in
            [
                "kind": .string(row.kind),
                "protocol": row.ipProtocol.map { JSON($0) } ?? .null,
                "source": JSON(row.source),
                "source_port": row.sourcePort.map { JSON($0) } ?? .null,
                "destination": row.destination.map { JSON($0) } ?? .null,
                "destination_port": row.destinationPort.map { JSON($0) } ?? .null,
                "state": JSON(row.state),
                "backend": JSON(row.backend),
                "idle": JSON(row.idle),
                "translated": row.translated?.json ?? .null,
            ]
        }
        return ["flows": .array(flows)]
    }

    func text(_ style: Style) -> String {
        guard !rows.isEmpty else { return "no flow is remembered\n" }
        var table = Table("KIND", "PROTOCOL", "SOURCE", "DESTINATION", "STATE", "BACKEND", "TRANSLATED", "IDLE")
        for row in rows {
            table.add(
                .init(row.kind), .init(row.ipProtocol), .init(endpoint(row.source, row.sourcePort)),
                .init(row.destination.map { endpoint($0, row.destinationPort) }), .init(row.state), .init(row.backend),
                .init(row.translated?.text), .init("\(row.idle) s"))
        }
        return table.text(style)
    }
}

extension FlowReport.Translation {
    fileprivate var json: JSON {
        [
            "source": JSON(source), "source_port": JSON(sourcePort),
            "destination": JSON(destination), "destination_port": JSON(destinationPort),
        ]
    }

    fileprivate var text: String { "\(endpoint(source, sourcePort)) to \(endpoint(destination, destinationPort))" }
}

/// `10.0.0.1:443`, `[2001:db8::1]:443`, or the bare address where there is no port.
func endpoint(_ address: IPAddress, _ port: UInt16?) -> String {
    guard let port else { return "\(address)" }
    return address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
}
