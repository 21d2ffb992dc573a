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
    /// The service is not for this source, and no rule was asked.
    public var isOutsideSources: Bool { cell & CELL_SOURCE != 0 }
    /// What that rule said.
    public var isAllowed: Bool { cell & CELL_ALLOW != 0 }
}
