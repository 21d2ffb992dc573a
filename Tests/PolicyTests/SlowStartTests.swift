import Testing

@testable import Policy

@Suite struct SlowStartTests {
    private func text(_ slowStart: String, drainTime: String = "1h") -> String {
        """
        version: 1
        services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, drain-time: \(drainTime),
          backends: {a: {address: 10.0.0.1, slow-start: \(slowStart)}}}}
        """
    }

    @Test func seconds() throws {
        let services = try parse([SourceFile(name: "f", text: text("1m30s"))]).0.services
        #expect(services[0].backends.map(\.slowStart) == [90])
    }

    @Test func mistakes() {
        #expect(
            diagnostics(text("30")) == ["f:3:49: error: the slow start \"30\" has no unit: write 30s for seconds"])
        #expect(diagnostics(text("19h", drainTime: "1d")) == ["f:3:49: error: the slow start is longer than 18h"])
        #expect(
            diagnostics(text("2h")) == [
                "f:3:14: error: the slow start of \"a\" is longer than its service's drain time: write a drain-time of "
                    + "7200s or more"
            ])
        #expect(
            diagnostics(text("1s", drainTime: "0s")) == [
                "f:3:14: error: the slow start of \"a\" is longer than its service's drain time: write a drain-time of "
                    + "1s or more"
            ])
    }
}
