import Testing

@testable import Commands

@Suite struct StyleTests {
    private func environment(_ variables: [String: String], terminal: Bool) -> Environment {
        Environment(
            variables: variables, outputIsTerminal: terminal, errorIsTerminal: !terminal, output: { _ in },
            error: { _ in })
    }

    @Test(arguments: [
        ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
        (["TERM": "dumb"], true, false), (["TERM": "xterm"], true, true),
    ])
    func colourOnlyWhereItIsWelcome(_ variables: [String: String], _ terminal: Bool, _ colour: Bool) {
        let environment = environment(variables, terminal: terminal)
        #expect(environment.outputStyle.colour == colour)
        // Standard error is judged by itself: a redirected output does not take its colour.
        if terminal { #expect(!environment.errorStyle.colour) }
    }
}
