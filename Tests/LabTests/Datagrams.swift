import Foundation
import Testing

/// `tools/lib/lab-datagrams.py`: every datagram is counted.
extension Lab {
    private static let script = "\(package)tools/lib/lab-datagrams.py"

    /// Answers on UDP port 7 of an address with the host's name.
    func datagramServer(on host: Host, at address: String) async throws -> Program {
        let server = try Program(on(host, ["python3", Self.script, "serve", host.rawValue, address]))
        try #require(try await eventually { server.output == "ready\n" }, "\(server.errors)")
        return server
    }

    /// Asks from a number of flows, over and over.
    func datagrams(to address: String, flows: Int, from host: Host = .client1) async throws -> Datagrams {
        let program = try Program(on(host, ["python3", Self.script, "ask", address, "\(flows)"]))
        try #require(try await eventually { program.output == "ready\n" }, "\(program.errors)")
        return Datagrams(program: program)
    }
}

struct Datagrams: Sendable {
    struct Report: Decodable {
        var asked: Int
        var lost: Int
        /// Who answered, by source port.
        var servers: [String: [String]]
    }

    let program: Program

    /// Stops asking.
    func report() async throws -> Report {
        program.signal(SIGTERM)
        let finished = await program.wait()
        guard finished.succeeded else { throw ProgramFailed(arguments: ["lab-datagrams.py"], finished: finished) }
        let report = finished.output.split(separator: "\n").last ?? ""
        return try JSONDecoder().decode(Report.self, from: Data(report.utf8))
    }
}
