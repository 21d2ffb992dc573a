import Net

/// A flow as its packets name it. The identifier of an ICMP echo stands in both ports; protocols without ports have 0.
struct FlowKey: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var sourcePort: UInt16
    var destinationPort: UInt16
    var ipProtocol: IPProtocol

    var reversed: FlowKey {
        FlowKey(
            source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort,
            ipProtocol: ipProtocol)
    }
}

extension FlowKey {
    init(_ packet: Datagram, _ transport: Transport) {
        self.init(
            source: packet.source, destination: packet.destination, sourcePort: transport.sourcePort,
            destinationPort: transport.destinationPort, ipProtocol: packet.ipProtocol)
    }
}
