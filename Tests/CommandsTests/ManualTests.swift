import Testing

@testable import Commands

@Suite struct ManualTests {
    /// The page in the repository is what the commands say: `sluice manual > man/sluice.1` after a change.
    @Test func theManualPageIsUpToDate() throws {
        let run = CommandRun(["manual"])
        #expect(run.status == .done)
        #expect(try run.output == packageFile("man/sluice.1"))
    }

    @Test func theGuideNamesEveryCommandAndOption() throws {
        let guide = try packageFile("docs/commands.md")
        for command in UsageTests.commands where !command.isEmpty {
            let help = CommandRun(command + ["--help"]).output
            let options = help.matches(of: /--[a-z-]+/).map { String($0.output) }
            let path = (["sluice"] + command).joined(separator: " ")
            let missing = Set([path] + options).filter { !guide.contains($0) }
            #expect(missing.isEmpty)
        }
    }

    @Test func roffKeepsTextFromBeingTakenForRequests() {
        #expect(Roff.escape(".SH trap") == "\\&.SH trap")
        #expect(Roff.escape("'trap") == "\\&'trap")
        #expect(Roff.escape("a-b\\c") == "a\\-b\\ec")
    }
}
