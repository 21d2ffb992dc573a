import Net

/// One dropped packet of `drops --follow`.
struct DropEventReport: Report, Equatable {
    /// Seconds of `CLOCK_MONOTONIC`, to the microsecond.
    var time: String
    var reason: String
    var interface: String?
    var rule: String?
    var ipProtocol: IPProtocol?
    var source: IPAddress?
    var sourcePort: UInt16?
    var destination: IPAddress?
    var destinationPort: UInt16?
    /// Bytes of the frame.
    var length: Int

    var json: JSON {
        [
            "time": .string(time),
            "reason": .string(reason),
            "interface": JSON(interface),
            "rule": JSON(rule),
            "protocol": JSON(ipProtocol),
            "source": JSON(source),
            "source_port": sourcePort.map { JSON($0) } ?? .null,
            "destination": JSON(destination),
            "destination_port": destinationPort.map { JSON($0) } ?? .null,
            "length": JSON(length),
        ]
    }

    func text(_ style: Style) -> String {
        let flow = source.flatMap { source in
            destination.map { "\(endpoint(source, sourcePort)) -> \(endpoint($0, destinationPort))" }
        }
        let parts = [
            time, interface ?? "-", style.paint(reason, .red), rule.map { "rule \($0)" }, ipProtocol?.description,
            flow, "\(length) bytes",
        ]
        return parts.compactMap(\.self).joined(separator: "  ") + "\n"
    }
}
