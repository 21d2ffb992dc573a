internal import DataplaneABI

/// What became of a packet. Each packet is counted under exactly one.
public struct Outcome: Hashable, Sendable, CustomStringConvertible {
    /// What the kernel is told to do with the packet.
    public enum Action: String, Hashable, Sendable, CaseIterable { case pass, drop, tx, redirect }

    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var all: [Outcome] { (0..<UInt32(DataplaneABI.outcome.count.rawValue)).map(Outcome.init) }

    /// `allowed`, `policy`, `malformed`…: the reason that people and scripts see. Not unique: `default` both passes and
    /// drops.
    public var name: String { String(cString: outcome_name(rawValue)) }
    /// One sentence, without a capital and a full stop.
    public var sentence: String { String(cString: outcome_sentence(rawValue)) }
    public var action: Action { Action(rawValue: String(cString: outcome_action(rawValue)).lowercased()) ?? .drop }

    public var description: String { "\(action.rawValue) \(name)" }
}
