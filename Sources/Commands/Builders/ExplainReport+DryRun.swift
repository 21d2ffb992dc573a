import Dataplane
import Net
import Node
import Plan
import Policy

extension ExplainReport {
    /// What a dry run of the flow's first packet says.
    ///
    /// - Parameters:
    ///   - interface: The one that the packet came from.
    ///   - state: What the tables that were asked are made from; numbers in the trace are places in it.
    init(_ answer: DryRun, of flow: Flow, from interface: String?, in state: State) {
        let trace = answer.trace
        let service = trace.flags.contains(.service) ? state.service(at: trace.service) : nil
        let backend = trace.flags.contains(.backend) ? state.backend(at: trace.backend) : nil
        let rule =
            trace.flags.contains(.policy) && !trace.isOutsideSources
            ? RuleName.of(slot: trace.ruleSlot, in: state) : nil
        verdict = answer.outcome.action == .drop ? .deny : .allow
        action = answer.outcome.action.rawValue
        reason = answer.outcome.name
        self.rule = rule
        self.service = service?.name
        self.backend = backend.map { Backend(name: $0.name, address: $0.address) }
        source = LookupReport(flow.source, in: state)
        path = []

        step("from \(flow.source)" + (source.identities.isEmpty ? "" : " (\(source.identities.list))"), via: interface)
        if trace.flags.contains(.decapsulated) { path.append("a tunnel packet: judged by what it holds") }
        if trace.flags.contains(.icmpError) { path.append("an ICMP error: judged by the packet that it quotes") }
        path.append("to \(flow.to)\(Self.destination(trace, service))")
        if trace.flags.contains(.policy), trace.isOutsideSources, let service {
            path.append("the sources of service \(service.name) leave it out")
        }
        if let rule { path.append(Self.decision(rule, answer, state)) }
        if let backend {
            let choice =
                trace.flags.contains(.quic) ? "which its connection ID names" : Self.choice(trace, service)
            path.append("backend \(backend.name) at \(backend.address), \(choice)")
        }
        if trace.flags.contains(.nextHop) {
            let link = NodeFacts.Link.name(ofIndex: trace.nextHopIndex) ?? "interface \(trace.nextHopIndex)"
            let mac = trace.nextHopMAC.flatMap { $0.isZero ? nil : $0.description }
            path.append("next hop \(mac ?? "of unknown address") through \(link)")
        }
        path.append("\(action): \(answer.outcome.sentence)")
    }

    private mutating func step(_ text: String, via interface: String?) {
        path.append(text + (interface.map { ", comes in on \($0)" } ?? ""))
    }

    private static func destination(_ trace: Trace, _ service: ServiceState?) -> String {
        if let service { return ", service \(service.name)" }
        if trace.flags.contains(.echo) { return ", an echo to a VIP" }
        if trace.flags.contains(.node) { return ", this node" }
        return trace.flags.contains(.transit) ? ", beyond this node" : ""
    }

    /// How the backend was found.
    private static func choice(_ trace: Trace, _ service: ServiceState?) -> String {
        if trace.flags.contains(.known) { return "which the connection is known to have" }
        if trace.flags.contains(.affinity) { return "which the client is known to have" }
        if trace.flags.contains(.scheduled), let service {
            return "by \(service.scheduler.rawValue), turn \(trace.slot) of \(service.sequence.count)"
        }
        let slot = "slot \(trace.slot)"
        return trace.flags.contains(.previous) ? "\(slot), which had the slot when the connection began" : slot
    }

    private static func decision(_ rule: String, _ answer: DryRun, _ state: State) -> String {
        let verb = answer.trace.isAllowed ? "allows" : "denies"
        return rule == RuleName.default ? "no policy decides, the default \(verb)" : "policy \(rule) \(verb)"
    }
}

extension State {
    /// - Parameter index: As the image has it, which keeps the order of ``services``.
    fileprivate func service(at index: UInt32) -> ServiceState? {
        Int(index) < services.count ? services[Int(index)] : nil
    }

    /// - Parameter index: As the image has it: backends of all services one after the other.
    fileprivate func backend(at index: UInt32) -> BackendState? {
        var rest = Int(index)
        for service in services {
            if rest < service.backends.count { return service.backends[rest] }
            rest -= service.backends.count
        }
        return nil
    }
}
