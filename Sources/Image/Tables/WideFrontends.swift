internal import DataplaneABI
internal import Net
internal import Plan

/// A frontend of more than one address or port, without these: many classes may share it.
struct WideFrontend: Hashable, Sendable {
    /// Index, or `FRONTEND_ECHO`.
    var service: UInt32
    var subject: UInt32
}

extension Verdicts.Builder {
    /// What wide services answer on: from destination class and port class to a frontend.
    ///
    /// Destination classes of one group where the same services answer have one row. Both class tables tell apart what
    /// a service answers on from what it does not, so a class is the service's as a whole.
    mutating func wide(_ classes: AddressClasses) -> (base: UInt32, frontends: [WideFrontend]) {
        guard !classes.wide.isEmpty else { return (WIDE_NONE, []) }
        var frontends = FrontendNumbers()
        var layers: [Int: ServiceRules] = [:]
        var known: [RowKey: UInt32] = [:]
        let nothing = compiler.arrays.array(repeating: 0, count: ports.count)
        var words = [UInt32](repeating: nothing, count: classes.count)
        for (addressClass, services) in classes.wide {
            let key = RowKey(group: groups[addressClass], services: services)
            if let row = known[key] {
                words[addressClass] = row
                continue
            }
            for service in services where layers[service] == nil {
                layers[service] = ServiceRules(toService[service] ?? [], ports)
            }
            let row = wideRow(key, on: nothing, layers, &frontends)
            known[key] = row
            words[addressClass] = row
        }
        return (compiler.arrays.array(words), frontends.all)
    }

    private mutating func wideRow(
        _ key: RowKey, on nothing: UInt32, _ layers: [Int: ServiceRules], _ frontends: inout FrontendNumbers
    ) -> UInt32 {
        var entries: [(portClass: Int, frontend: WideFrontend)] = []
        for service in key.services {
            let sources = state.services[service].sources
            for portClass in ports.classes(of: state.services[service].ports).map({ Int($0) }) {
                let base = compiler.arrays.word(rows[key.group].transit, portClass)
                let allowed = compiler.subject(base, adding: layers[service]?.rules(of: portClass) ?? [])
                let subject = compiler.subject(allowed, only: sources)
                entries.append((portClass, WideFrontend(service: UInt32(service), subject: subject)))
            }
        }
        if state.echoReply {
            for (request, family) in [(PortClasses.echo4, IPAddress.Family.v4), (PortClasses.echo6, .v6)] {
                let subject = echo(key.group, family, services: key.services)
                for portClass in ports.classes(of: [request]) {
                    entries.append((Int(portClass), WideFrontend(service: FRONTEND_ECHO, subject: subject)))
                }
            }
        }
        var draft = PagedDraft(nothing, count: ports.count, of: compiler.arrays)
        for entry in entries {
            let number = frontends.number(of: entry.frontend)
            draft.update(entry.portClass, of: compiler.arrays) { $0 = number }
        }
        return draft.finish(into: &compiler.arrays)
    }
}

private struct RowKey: Hashable {
    var group: Int
    var services: [Int]
}

/// The rules that are `to` a service, by whether they tell ports apart.
private struct ServiceRules {
    private let allPorts: [Int]
    private let byPortClass: [Int: [Int]]

    init(_ rules: [Int], _ ports: PortClasses) {
        let layer = SubjectCompiler.Layer(rules, ports: ports)
        allPorts = layer.allPorts
        byPortClass = Dictionary(layer.byPortClass.map { ($0.portClass, $0.rules) }) { first, _ in first }
    }

    /// By rising rank.
    func rules(of portClass: Int) -> [Int] {
        guard let some = byPortClass[portClass] else { return allPorts }
        return (allPorts + some).sorted()
    }
}

private struct FrontendNumbers {
    private(set) var all: [WideFrontend] = []
    private var numbers: [WideFrontend: UInt32] = [:]

    mutating func number(of frontend: WideFrontend) -> UInt32 {
        if let number = numbers[frontend] { return number }
        all.append(frontend)
        numbers[frontend] = UInt32(all.count)
        return UInt32(all.count)
    }
}
