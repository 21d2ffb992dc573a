internal import DataplaneABI
internal import Net
internal import Plan

extension Image {
    /// Where wide services answer: prefixes, of which the longest decides, with ports that lead to one frontend.
    func wideRows(_ body: ([Field]) -> Void) {
        guard policy.wideBase != WIDE_NONE, let classes = try? AddressClasses(published.state) else { return }
        let services = Dictionary(classes.wide.map { ($0.addressClass, $0.services) }) { first, _ in first }
        var runs = WideRuns(policy)
        for (family, isV6) in [(classes.v4, false), (classes.v6, true)] {
            for leaf in family.leaves where leaf.value & ADDRESS_VIP != 0 {
                let addressClass = leaf.value & ADDRESS_CLASS
                guard let services = services[Int(addressClass)],
                    let prefix = Prefix(
                        masking: IPAddress(leftAligned: leaf.bits, isV6: isV6), length: Int(leaf.length))
                else { continue }
                for match in services.flatMap({ published.state.services[$0].ports }) {
                    for run in runs.of(match, to: addressClass) {
                        body([
                            .text(prefix.shortText), .text(match.ipProtocol),
                            .text(TrafficMatch(match.ipProtocol, run.ports).selectorText),
                            .text(published.state.services[Int(run.frontend.service)].name),
                            .integer(run.frontend.subject), .none,
                        ])
                    }
                }
                guard published.state.echoReply else { continue }
                for run in runs.of(isV6 ? PortClasses.echo6 : PortClasses.echo4, to: addressClass) {
                    body([
                        .text(prefix.shortText), .text(isV6 ? IPProtocol.icmpv6 : .icmp), .none, .none,
                        .integer(run.frontend.subject), .none,
                    ])
                }
            }
        }
    }
}

extension TrafficMatch {
    /// `443`, or `8000-8099`.
    fileprivate var selectorText: String {
        selectors.count == 1 ? "\(selectors.lowerBound)" : "\(selectors.lowerBound)-\(selectors.upperBound)"
    }
}

/// Neighbouring selectors that lead to one frontend.
private struct WideRuns {
    struct Run {
        var ports: ClosedRange<UInt16>
        var frontend: FrontendTable.Entry
    }

    private struct Key: Hashable {
        var row: UInt32
        var match: TrafficMatch
    }

    private let policy: PolicyTables
    private var known: [Key: [Run]] = [:]

    init(_ policy: PolicyTables) { self.policy = policy }

    mutating func of(_ match: TrafficMatch, to addressClass: UInt32) -> [Run] {
        let key = Key(row: policy.word(policy.wideBase, addressClass), match: match)
        if let runs = known[key] { return runs }
        var runs: [Run] = []
        var last: UInt32 = 0
        for selector in match.selectors {
            let number = policy.word(key.row, policy.portClass(match.ipProtocol, selector))
            if number == last, !runs.isEmpty {
                runs[runs.count - 1].ports = runs[runs.count - 1].ports.lowerBound...selector
            } else if let frontend = policy.frontends.wide(number) {
                runs.append(Run(ports: selector...selector, frontend: frontend))
            }
            last = number
        }
        known[key] = runs
        return runs
    }
}
