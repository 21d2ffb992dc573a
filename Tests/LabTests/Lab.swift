import Foundation
import Testing

/// A network that `tools/lab` builds: one node for most tests, and a fleet of two behind a router.
struct Lab: Sendable {
    enum Host: String, Sendable, CaseIterable {
        case client1 = "client-1"
        case client2 = "client-2"
        case router
        case node
        case node1 = "node-1"
        case node2 = "node-2"
        case backend1 = "backend-1"
        case backend2 = "backend-2"
        case backend3 = "backend-3"
    }

    enum Family: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case ipv4, ipv6

        var testDescription: String { rawValue }
        var vip: String { self == .ipv4 ? "192.0.2.10" : "2001:db8::10" }
        /// As a URL wants it.
        var vipHost: String { self == .ipv4 ? vip : "[\(vip)]" }
        var node: String { self == .ipv4 ? "10.0.0.1" : "2001:db8::1" }
        var client1: String { self == .ipv4 ? "10.0.0.11" : "2001:db8::11" }
        var client2: String { self == .ipv4 ? "10.0.0.200" : "2001:db8::200" }
    }

    @TaskLocal static var current = Lab()
    static let fleet = Lab(isFleet: true)

    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false)
    /// The program under test is built beside the tests.
    static let sluice = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "sluice").path(percentEncoded: false)

    /// The same for every run in this checkout, so that a run cleans up behind one that was killed; another in every
    /// other checkout.
    let name: String
    let isFleet: Bool

    init(isFleet: Bool = false) {
        let checkout = Self.package.utf8.reduce(5381 as UInt32) { $0 &* 33 &+ UInt32($1) }
        name = "sluice-test-" + String(checkout, radix: 36) + (isFleet ? "-fleet" : "")
        self.isFleet = isFleet
    }

    var state: String { "/run/sluice-lab/\(name)" }
    func instance(_ host: Host) -> String { "\(name)-\(host.rawValue)" }
    func pins(_ host: Host) -> String { "/sys/fs/bpf/sluice/\(instance(host))" }

    func up() async throws {
        try await down()
        let backend = try TemporaryFile(backendFile)
        let kind = isFleet ? ["--fleet"] : []
        try await tool(["up", "--name", name] + kind + ["--sluice", Self.sluice, "--config", backend.path])
    }

    func down() async throws { try await tool(["down", "--name", name]) }

    /// Gives the host's interface an XDP program that is not ours.
    func occupy(_ host: Host) async throws { try await tool(["occupy", "--name", name, host.rawValue]) }

    /// Lets the fleet's router send to these nodes, and to no others.
    func route(to nodes: [Host]) async throws { try await tool(["route", "--name", name] + nodes.map(\.rawValue)) }

    private func tool(_ arguments: [String]) async throws {
        try await LabTests.run(["\(Self.package)tools/lab"] + arguments)
    }

    /// The command line that runs a command on a host.
    func on(_ host: Host, _ arguments: [String]) -> [String] {
        ["nsenter", "--net=/run/netns/\(instance(host))"] + arguments
    }

    @discardableResult
    func run(on host: Host, _ arguments: [String], seconds: Int = 60) async throws -> String {
        try await LabTests.run(on(host, arguments), seconds: seconds)
    }

    func attempt(on host: Host, _ arguments: [String], seconds: Int = 60) async throws -> Finished {
        try await LabTests.attempt(on(host, arguments), seconds: seconds)
    }
}

/// Text in a file that lives as long as the value.
final class TemporaryFile: Sendable {
    let path: String

    init(_ text: String) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString).yaml")
            .path(percentEncoded: false)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Builds the network before the first test of the suite and removes it after the last.
struct LabTrait: SuiteTrait, TestScoping {
    let lab: Lab

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let interrupts = Lab.interrupts.map { lab.removedOn(signal: $0) }
        defer { interrupts.forEach { $0.cancel() } }
        try await lab.up()
        let result: Result<Void, any Error>
        do { result = .success(try await Lab.$current.withValue(lab, operation: function)) } catch {
            result = .failure(error)
        }
        try await lab.down()
        try result.get()
    }
}

extension Trait where Self == LabTrait {
    static var lab: Self { Self(lab: Lab()) }
    static var fleet: Self { Self(lab: .fleet) }
}

extension Lab {
    static let interrupts = [SIGINT, SIGTERM]

    /// Ctrl-C must not leave a network behind.
    func removedOn(signal number: Int32) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            Task {
                // The fleet's tests run inside the others' suite, while both networks are up.
                try? await Lab.fleet.down()
                try? await Lab().down()
                exit(128 + number)
            }
        }
        source.resume()
        return source
    }
}

/// Everything below needs the network, and has it to itself.
@Suite("Lab", .serialized, .enabled(if: getuid() == 0, "needs root"), .lab)
enum LabSuite {}
