internal import DataplaneABI

extension Outcome {
    /// Dropped because a rule says so; the rule's counter tells which.
    public static let dropPolicy = Outcome(rawValue: DataplaneABI.outcome.dropPolicy.rawValue)
    /// Dropped because no rule says anything else.
    public static let dropDefault = Outcome(rawValue: DataplaneABI.outcome.dropDefault.rawValue)
}

extension Trace {
    /// The slot of the rule that decided, 0 for the default. Means something where ``Flags/policy`` is set.
    public var ruleSlot: UInt32 { cell & CELL_RULE }
    /// What that rule said.
    public var isAllowed: Bool { cell & CELL_ALLOW != 0 }
}
