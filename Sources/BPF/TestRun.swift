public enum TestRun { public struct Result: Sendable {} }
public struct XDPAction: Sendable {}
