import BPF
import Dataplane
import Net
import Oracle
import Packets
import Plan

/// What the kernel's program made of a frame, in the model's words.
struct Observation: Equatable, CustomStringConvertible {
    /// In the order of `bpf/abi/outcome.h`.
    var outcome: Int
    var action: String
    var rule: UInt32?
    var service: String?
    var backend: String?
    /// `nil` where it is dropped.
    var bytes: [UInt8]?
    /// What the dry run and the run that counts disagree about; nothing, or a defect.
    var disagreement: String?

    init(_ dry: DryRun, _ action: XDPAction, _ packet: [UInt8], _ node: KernelNode) {
        let flags = dry.trace.flags
        outcome = Int(dry.outcome.rawValue)
        self.action = action.description
        if flags.contains(.policy), dry.outcome.name != "reply", dry.outcome.name != "source" {
            rule = dry.trace.cell & 0xFF_FFFF
        }
        if flags.contains(.service) { service = node.state.services[Int(dry.trace.service)].name }
        if flags.contains(.backend) { backend = node.state.services.flatMap(\.backends)[Int(dry.trace.backend)].name }
        if action != .drop { bytes = Self.withoutNote(packet) }
        // Answers to packets that are dropped are sent by the run that counts only.
        let mayBeAnswered = ["too_big", "no_backend", "hop_limit"].contains(dry.outcome.name)
        if !mayBeAnswered, dry.action != action || dry.packet != packet {
            disagreement = "dry run: \(dry.action)\n\(hexdump(dry.packet))"
        }
    }

    /// A packet whose neighbour is to be resolved has a note in front (`struct resolve` in `bpf/lib/packet.h`).
    private static func withoutNote(_ packet: [UInt8]) -> [UInt8] {
        packet.starts(with: [0x63, 0x72, 0x6C, 0x73]) ? Array(packet.dropFirst(28)) : packet
    }

    /// The same, as the model foresees it.
    init(_ judgement: Judgement, frame: [UInt8]) {
        outcome = judgement.outcomeIndex
        // The kernel resolves the neighbour for packets that are passed to it.
        action =
            [.redirectResolve, .redirectReplyResolve].contains(judgement.outcome) ? "pass" : judgement.action.rawValue
        rule = judgement.rule?.slot
        service = judgement.service?.name
        backend = judgement.backend?.name
        if action != "drop" { bytes = judgement.bytes ?? frame }
    }

    var description: String {
        let target = "\(service ?? "-")/\(backend ?? "-")"
        var lines = ["outcome \(outcome), \(action), rule \(rule.map(String.init) ?? "-"), \(target)"]
        if let bytes { lines.append(hexdump(bytes)) }
        if let disagreement { lines.append(disagreement) }
        return lines.joined(separator: "\n")
    }
}

extension Judgement {
    fileprivate var outcomeIndex: Int { type(of: outcome).allCases.firstIndex(of: outcome)! }
}
