import Testing

@testable import Policy

/// `quic` and `quic-id`.
@Suite struct QUICTests {
    private static func service(_ quic: String, _ backends: String, ports: String = "443/udp") -> String {
        "version: 1\nservices:\n  s:\n    vips: [192.0.2.1]\n    ports: [\(ports)]\n    forward: ipip\n"
            + "    quic: \(quic)\n    backends: {\(backends)}\n"
    }

    @Test func everyKey() throws {
        let text = Self.service(
            "{id-offset: 2, id-length: 3, cid-length: 9}", "a: {address: 10.0.0.1, quic-id: 0A0b0c}")
        let service = try #require(try parse([SourceFile(name: "f", text: text)]).0.services.first)
        #expect(service.quic?.idOffset == 2)
        #expect(service.quic?.idLength == 3)
        #expect(service.quic?.cidLength == 9)
        #expect(service.backends[0].quicID == [10, 11, 12])
    }

    @Test func whatIsNotWritten() throws {
        let text = Self.service("{id-length: 7}", "a: {address: 10.0.0.1, quic-id: 01020304050607}")
        let service = try #require(try parse([SourceFile(name: "f", text: text)]).0.services.first)
        #expect(service.quic?.idOffset == 1)
        #expect(service.quic?.cidLength == 8)
    }

    @Test(arguments: [
        Case(service("{}", ""), "f:7:11: error: quic needs the key \"id-length\""),
        Case(
            service("{id-length: 8}", ""),
            "f:7:11: error: the id ends behind the connection ID: "
                + "id-offset and id-length together are at most cid-length, which is 8"),
        Case(service("{id-length: 9}", ""), "f:7:23: error: the length 9 is out of range: it is 1 to 8"),
        Case(
            service("{id-length: 1, cid-length: 21}", ""), "f:7:38: error: the length 21 is out of range: it is 1 to 20"
        ),
        Case(
            service("{id-length: 2}", "", ports: "443/tcp"),
            "f:7:11: error: a service without a port of udp has no use for quic: add one, as 443/udp"),
        Case(
            service("{id-length: 2}", "a: {address: 10.0.0.1, quic-id: 0a}, b: {address: 10.0.0.2, quic-id: 0a0g}"),
            "f:8:48: error: the quic-id \"0a\" is not 4 hexadecimal digits: id-length is 2",
            "f:8:85: error: the quic-id \"0a0g\" is not 4 hexadecimal digits: id-length is 2"),
        Case(
            service("{id-length: 1}", "a: {address: 10.0.0.1, quic-id: 0a}, b: {address: 10.0.0.2, quic-id: 0A}"),
            "f:8:85: error: this quic-id is that of the backend \"a\" already"),
        Case(
            service("{id-length: 1}", "a: {address: 10.0.0.1}"),
            "f:8:16: warning: the backend \"a\" has no quic-id: "
                + "its connections stay with it only while the client's address and the backends stay"),
    ])
    func mistakes(_ test: Case) {
        #expect(diagnostics(test.text) == test.expected)
    }

    @Test func idsWithoutQUIC() {
        let text =
            "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/udp], forward: ipip, "
            + "backends: {a: {address: 10.0.0.1, quic-id: 0a}}}}\n"
        #expect(diagnostics(text) == ["f:2:100: error: \"quic-id\" means nothing here: its service has no quic"])
    }
}
