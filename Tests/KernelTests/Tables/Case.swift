import Oracle
import Packets
import Plan
import Testing

/// One frame that comes in through `nic`, and what must become of it.
struct Case {
    let name: String
    let frame: [UInt8]
    let expected: Verdict
    let location: SourceLocation

    /// - Parameters:
    ///   - rule: The rule that decides, or `default`.
    ///   - target: `service`, or `service/backend` where one is chosen.
    ///   - out: The frame as it leaves; without it, a frame that passes stays as it came.
    init(
        _ name: String, _ frame: [UInt8], _ outcome: Outcome, by rule: String? = nil, for target: String? = nil,
        out: [UInt8]? = nil, location: SourceLocation = #_sourceLocation
    ) {
        self.name = name
        self.frame = frame
        let names = target.map { $0.split(separator: "/").map(String.init) } ?? []
        expected = Verdict(
            outcome: outcome, rule: rule, service: names.first, backend: names.dropFirst().first,
            bytes: out ?? (outcome.action == .pass ? frame : nil))
        self.location = location
    }

    init(
        _ name: String, _ packet: IPPacket, _ outcome: Outcome, by rule: String? = nil, for target: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) {
        self.init(name, Frame(packet).bytes, outcome, by: rule, for: target, location: location)
    }
}

/// What became of a packet, in the words of the policy.
struct Verdict: Equatable, CustomStringConvertible {
    var outcome: Outcome
    var rule: String?
    var service: String?
    var backend: String?
    /// `nil` where nothing leaves.
    var bytes: [UInt8]?

    var description: String {
        let names = [rule, service, backend].map { $0 ?? "-" }.joined(separator: " ")
        return "\(outcome.rawValue) \(names)\n\(bytes.map(hexdump) ?? "nothing leaves")"
    }
}

extension Verdict {
    init(_ observed: Observation, _ state: State) {
        outcome = Outcome.allCases[observed.outcome]
        rule = observed.rule.map { slot in
            slot == 0 ? "default" : state.rules.first { $0.slot == slot }?.name ?? "no rule has slot \(slot)"
        }
        service = observed.service
        backend = observed.backend
        bytes = observed.bytes
    }
}

extension KernelNode {
    /// Plays the cases in order: program and model must both say what is written.
    func check(_ cases: Case...) throws {
        for packet in cases {
            let comment = Comment(rawValue: packet.name)
            let foreseen = Observation(expect(packet.frame), frame: packet.frame)
            let observed = try observe(packet.frame)
            let verdict = Verdict(observed, state)
            #expect(verdict == packet.expected, comment, sourceLocation: packet.location)
            #expect(observed == foreseen, comment, sourceLocation: packet.location)
            #expect(observed.action == packet.expected.action, comment, sourceLocation: packet.location)
            guard [.redirectForwarded, .redirectReply].contains(verdict.outcome) else { continue }
            #expect(try egress(packet.frame) == far, comment, sourceLocation: packet.location)
        }
    }
}

extension Verdict {
    /// The kernel's. Resolving an address is the kernel's work, and an answer may leave in place of what is dropped.
    fileprivate var action: String {
        switch outcome {
        case .redirectResolve, .redirectReplyResolve: "pass"
        case .dropTooBig, .dropNoBackend, .dropHopLimit: bytes == nil ? "drop" : "tx"
        default: outcome.action.rawValue
        }
    }
}
