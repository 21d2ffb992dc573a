import Testing

@testable import Policy

@Suite struct UnavailableTests {
    private func text(_ value: String) -> String {
        "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip, unavailable: \(value)}}\n"
    }

    @Test(
        arguments: [("drop", .drop), ("reset", .reset), ("unreachable", .unreachable)]
            as [(String, Service.Unavailable)])
    func words(word: String, expected: Service.Unavailable) throws {
        let services = try parse([SourceFile(name: "f", text: text(word))]).0.services
        #expect(services.map(\.unavailable) == [expected])
    }

    @Test func mistakes() {
        #expect(
            diagnostics(text("rst")) == ["f:2:79: error: unavailable cannot be \"rst\": use drop, reset, unreachable"])
        #expect(
            diagnostics(text("unreachble")) == [
                "f:2:79: error: unavailable cannot be \"unreachble\": did you mean \"unreachable\"?"
            ])
    }
}
