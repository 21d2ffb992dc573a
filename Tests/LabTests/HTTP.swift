import Foundation
import Testing

extension Lab {
    /// Which server answered, and whom it saw.
    struct Answer: Hashable, Sendable {
        var server: String
        var client: String
    }

    /// Makes requests one after the other, each over a connection of its own, and stops at the first that fails.
    func requests(_ count: Int, to host: String, from client: Host = .client1) async throws -> [Answer] {
        let output = try await run(on: client, requestCommand(count, to: host), seconds: 120)
        return try output.split(separator: "\n").map { line in
            let words = try #require(line.wholeMatch(of: /(\S+) sees (\S+)/), "\(line)")
            return Answer(server: String(words.1), client: String(words.2))
        }
    }

    func requestCommand(_ count: Int, to host: String) -> [String] {
        [
            "curl", "--silent", "--show-error", "--fail-early", "--connect-timeout", "5",
            "--header", "Connection: close", "http://\(host)/?[1-\(count)]",
        ]
    }

    /// What becomes of one connection attempt: refusal is an answer, silence is not.
    enum Attempt: Equatable { case answered, refused, silence }

    /// Long enough for a second SYN, which follows after a second: Linux passes over an ICMP error that comes back while
    /// the socket is still busy with sending the first one.
    func connect(to host: String, port: Int = 80, from client: Host = .client1) async throws -> Attempt {
        let finished = try await attempt(
            on: client, ["curl", "--silent", "--max-time", "2", "--output", "/dev/null", "http://\(host):\(port)/"])
        switch finished.status {
        case 0: return .answered
        case 7: return .refused
        case 28: return .silence
        default: throw ProgramFailed(arguments: ["curl", host], finished: finished)
        }
    }

    func pings(_ address: String, from client: Host = .client1) async throws -> Bool {
        try await attempt(on: client, ["ping", "-n", "-c", "1", "-W", "1", address]).succeeded
    }
}

/// A download that takes its time: the server paces it.
final class Download: Sendable {
    private let program: Program
    private let body = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString).body")
    private let head = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString).head")
    private let length: Int
    private let original: URL

    /// `length` bytes, at most 10 MB, at `rate` bytes per second. Returns when the first of them have arrived.
    init(_ lab: Lab, length: Int, rate: Int, from host: String, by client: Lab.Host = .client1) async throws {
        self.length = length
        original = URL(filePath: "\(lab.state)/large")
        program = try Program(
            lab.on(
                client,
                [
                    "curl", "--silent", "--show-error", "--no-buffer", "--max-time", "60",
                    "--dump-header", head.path(percentEncoded: false), "--output", body.path(percentEncoded: false),
                    "--range", "0-\(length - 1)", "http://\(host)/large?rate=\(rate)",
                ]))
        let started = try await eventually { received > 0 || !program.isRunning }
        try #require(started && received > 0, "the download does not start")
    }

    deinit {
        try? FileManager.default.removeItem(at: body)
        try? FileManager.default.removeItem(at: head)
    }

    var isRunning: Bool { program.isRunning }

    /// Bytes so far.
    var received: Int {
        let size = try? FileManager.default.attributesOfItem(atPath: body.path(percentEncoded: false))[.size]
        return (size as? Int) ?? 0
    }

    /// The host that serves it.
    var server: String {
        let lines = (try? String(contentsOf: head, encoding: .utf8))?.split(whereSeparator: \.isNewline) ?? []
        return lines.first { $0.hasPrefix("X-Server: ") }.map { String($0.dropFirst("X-Server: ".count)) } ?? ""
    }

    /// Waits for the end; true where every byte came, and came as the server has it.
    func completes() async -> Bool {
        guard await program.wait().succeeded, received == length else { return false }
        return (try? Data(contentsOf: body)) == (try? Data(contentsOf: original))?.prefix(length)
    }

    /// True once nothing arrives for a second, though the server has more to send.
    func stalls() async throws -> Bool {
        try await eventually(within: 15) {
            let before = received
            try await Task.sleep(for: .seconds(1))
            return received == before && received < length
        }
    }

    func cancel() { program.signal(SIGTERM) }
}
