import Testing

@testable import Policy

/// What `defaults` say of remembered flows.
@Suite struct FlowSettingsTests {
    private func settings(_ defaults: String) throws -> FlowSettings {
        try parse([SourceFile(name: "f", text: "version: 1\ndefaults: {\(defaults)}\n")]).0.defaults.flows
    }

    @Test func whatIsNotWritten() throws {
        let settings = try settings("idle: {}")
        #expect([settings.idleTCP, settings.idleUDP, settings.idleSCTP] == [7440, 300, 7440])
        #expect(settings.newFlows == nil)
    }

    @Test func everyKey() throws {
        let settings = try settings("idle: {tcp: 1h, udp: 30s, sctp: 10m}, new-flows: 200000")
        #expect([settings.idleTCP, settings.idleUDP, settings.idleSCTP] == [3600, 30, 600])
        #expect(settings.newFlows == 200_000)
    }

    @Test func schedulers() throws {
        for scheduler in Service.Scheduler.allCases {
            let text =
                "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, "
                + "scheduler: \(scheduler.rawValue)}}\n"
            #expect(try parse([SourceFile(name: "f", text: text)]).0.services[0].scheduler == scheduler)
        }
    }
}
