import Commands
import Testing

@Suite struct UsageTests {
    static let commands: [[String]] = [
        [], ["check"], ["diff"], ["apply"], ["status"], ["down"], ["service"], ["service", "list"],
        ["service", "show"], ["service", "split"], ["backend"], ["backend", "add"], ["backend", "remove"],
        ["backend", "drain"],
        ["backend", "undrain"], ["backend", "weight"], ["policy"], ["policy", "list"], ["policy", "show"],
        ["identity"], ["identity", "list"], ["identity", "lookup"], ["flow"], ["flow", "list"], ["map"],
        ["map", "list"], ["map", "dump"], ["drops"], ["explain"], ["test"],
    ]

    @Test(arguments: commands) func helpIsDataAndGoesToStandardOutput(_ command: [String]) throws {
        let arguments = command + ["--help"]
        let run = CommandRun(arguments)
        #expect(run.status == .done)
        #expect(run.error.isEmpty)
        try expectGolden(run.transcript(arguments), "help/\((["sluice"] + command).joined(separator: "-")).txt")
    }

    /// Every one of these is refused before anything is touched, so they need no root.
    static let wrong: [(String, [String])] = [
        ("unknown-command", ["frobnicate"]),
        ("unknown-option", ["status", "--frobnicate"]),
        ("missing-file", ["apply"]),
        ("missing-subcommand", ["service"]),
        ("nothing", []),
        ("too-many-arguments", ["service", "show", "a", "b"]),
        ("bad-instance", ["status", "--instance", "../etc"]),
        ("bad-address", ["identity", "lookup", "10.0.0.256"]),
        ("bad-weight", ["backend", "weight", "shop", "shop-1", "70000"]),
        ("bad-backend-address", ["backend", "add", "shop", "shop-1", "10.0.0.0/8"]),
        ("explain-without-protocol", ["explain", "--from", "10.0.0.1", "--to", "10.0.0.2:443"]),
        ("explain-families", ["explain", "--from", "10.0.0.1", "--to", "[2001:db8::1]:443/tcp"]),
        ("explain-expect", ["explain", "--from", "10.0.0.1", "--to", "10.0.0.2:1/tcp", "--expect", "maybe"]),
    ]

    @Test(arguments: wrong) func wrongUsageExitsWithTwo(_ name: String, _ arguments: [String]) throws {
        let run = CommandRun(arguments)
        #expect(run.status == .usage)
        #expect(run.output.isEmpty)
        try expectGolden(run.transcript(arguments), "usage/\(name).txt")
    }

    @Test func versionIsData() {
        let run = CommandRun(["--version"])
        #expect(run.status == .done)
        #expect(run.output.hasPrefix("sluice "))
        #expect(run.error.isEmpty)
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionScriptsAreData(_ shell: String) {
        let run = CommandRun(["--generate-completion-script", shell])
        #expect(run.status == .done)
        #expect(run.output.contains("sluice"))
        #expect(run.output.contains("identity"))
        #expect(run.error.isEmpty)
    }
}
