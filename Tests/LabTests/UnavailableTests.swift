import Foundation
import Testing

extension LabSuite {
    @Suite("Services without backends")
    struct Unavailable {
        let lab = Lab.current

        private static let ask = """
            import socket, sys
            family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
            asker = socket.socket(family, socket.SOCK_DGRAM)
            asker.settimeout(2)
            asker.connect((sys.argv[1], 7))
            asker.send(b"?")
            try:
                asker.recv(9)
                print("answered")
            except ConnectionRefusedError:
                print("refused")
            except TimeoutError:
                print("silence")
            """

        private func datagram(to address: String) async throws -> String {
            try await lab.run(on: .client1, ["python3", "-c", Self.ask, address])
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test("clients learn at once that nobody is there", arguments: Lab.Family.allCases)
        func refusal(_ family: Lab.Family) async throws {
            var file = NodeFile(ports: ["80/tcp", "7/udp"], policies: ["office: {from: office, to: shop}"])
            file.backends = []
            file.unavailable = "reset"
            try await lab.withNode(file) { () async throws in
                #expect(try await lab.connect(to: family.vipHost) == .refused)
                #expect(try await datagram(to: family.vip) == "refused")
                file.unavailable = "unreachable"
                try await lab.apply(file)
                #expect(try await lab.connect(to: family.vipHost) == .refused)
                #expect(try await datagram(to: family.vip) == "refused")
                #expect(try await lab.dropped("no_backend") >= 4)

                file.unavailable = "drop"
                try await lab.apply(file)
                #expect(try await lab.connect(to: family.vipHost) == .silence)
                #expect(try await datagram(to: family.vip) == "silence")
                file.backends = NodeFile().backends
                try await lab.apply(file)
                #expect(try await lab.connect(to: family.vipHost) == .answered)
            }
        }

        @Test("a removed backend gets no new connection, from the moment the command says so")
        func removalUnderTraffic() async throws {
            try await lab.withNode { () async throws in
                // The request that is under way may fail; the others go on.
                let requests = lab.requestCommand(3000, to: Lab.Family.ipv4.vipHost).filter { $0 != "--fail-early" }
                let load = try Program(lab.on(.client1, requests))
                try #require(try await eventually { load.output.contains("backend-1") })
                try await lab.sluice("backend", "remove", "shop", "shop-1")
                let answered = load.output.split(separator: "\n").count
                let finished = await load.wait()
                let answers = finished.output.split(separator: "\n")
                #expect(answers.count > answered + 100)
                // One request may have been under way.
                #expect(!answers.dropFirst(answered + 1).contains { $0.contains("backend-1") })
            }
        }
    }
}
