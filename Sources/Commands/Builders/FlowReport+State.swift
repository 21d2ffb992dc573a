import Dataplane
import Net
import Plan

extension FlowReport {
    init(_ flows: [FlowEntry], in state: State) {
        var backends: [UInt32: String] = [:]
        for service in state.services {
            for backend in service.backends { backends[backend.slot] = "\(service.name)/\(backend.name)" }
        }
        self.init(rows: flows.map { Row($0, backends) }.sorted { $0.idle < $1.idle })
    }
}

extension FlowReport.Row {
    fileprivate init(_ entry: FlowEntry, _ backends: [UInt32: String]) {
        let ipProtocol = IPProtocol(entry.proto)
        let hasPorts = ipProtocol.hasPorts
        self.init(
            kind: "", source: entry.source, sourcePort: hasPorts ? entry.sourcePort : nil,
            destination: entry.destination, destinationPort: hasPorts ? entry.destinationPort : nil,
            ipProtocol: entry.destination == nil ? nil : ipProtocol, state: nil, backend: nil,
            idle: Int(entry.idle.components.seconds))
        switch entry.kind {
        case .tracked(let tracked):
            kind = "tracked"
            state = "\(tracked)"
        case .inbound(let tracked):
            kind = "inbound"
            state = "\(tracked)"
        case .connection(let slot, _, let tracked):
            kind = "connection"
            state = ipProtocol == .tcp ? "\(tracked)" : nil
            backend = backends[slot]
        case .client(_, let slot, _):
            kind = "client"
            backend = backends[slot]
        case .translated(let tracked, let translation):
            kind = "translated"
            state = "\(tracked)"
            backend = backends[translation.backendSlot]
            translated = FlowReport.Translation(
                source: translation.source, sourcePort: translation.sourcePort,
                destination: translation.destination, destinationPort: translation.destinationPort)
        }
    }
}
