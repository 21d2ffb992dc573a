import Dataplane
import Net
import Packets
import Plan
import Policy

/// Asks the kernel's program what it would do, and puts the answer in the terms of the file.
struct Examination {
    let runner: DryRunner
    /// What the program's tables were made from.
    let state: State

    init(_ runner: DryRunner, _ state: State) {
        self.runner = runner
        self.state = state
    }

    /// - Parameter interface: Where the packet comes in; `nil`: the first of the file.
    func explain(_ flow: Flow, interface: InterfaceState? = nil) throws -> ExplainReport {
        let interface = interface ?? state.interfaces.first
        let packet = flow.firstPacket
        let frame = interface?.mac.map { Frame(to: $0, .ip(packet)) } ?? Frame(packet)
        let answer = try runner.run(frame.bytes, interfaceIndex: interface?.index ?? 0)
        return ExplainReport(answer, of: flow, from: interface?.name, in: state)
    }

    /// Every test's answer, in the order of the file.
    func report(on tests: [FlowTest]) throws -> TestReport {
        TestReport(
            outcomes: try tests.map { test in
                let answer = try explain(test.flow)
                return TestReport.Outcome(
                    position: test.position, flow: test.flow.summary, expected: test.expect, verdict: answer.verdict,
                    reason: answer.reason, rule: answer.rule)
            })
    }
}
