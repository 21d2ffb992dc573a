import Foundation

/// A program that ran to its end.
struct Finished: Sendable {
    /// Exit status; 124 where it was stopped for taking too long, 128 plus the signal's number where one killed it.
    var status: Int32
    var output: String
    var errors: String

    var succeeded: Bool { status == 0 }
}

struct ProgramFailed: Error, CustomStringConvertible {
    var arguments: [String]
    var finished: Finished

    var description: String {
        "\(arguments.joined(separator: " ")) ended with \(finished.status): \(finished.errors)\(finished.output)"
    }
}

/// A program that is running. What it prints is kept in files, so that it never waits for a reader.
final class Program: Sendable {
    let arguments: [String]
    private let process = Process()
    private let directory: URL
    private let ended: Task<Void, Never>

    init(_ arguments: [String]) throws {
        self.arguments = arguments
        directory = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.newFile(directory.appending(path: "out"))
        process.standardError = try Self.newFile(directory.appending(path: "err"))
        let (exits, exit) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in exit.finish() }
        ended = Task { for await _ in exits {} }
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
        try? FileManager.default.removeItem(at: directory)
    }

    var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    var output: String { text("out") }

    func signal(_ number: Int32) { _ = kill(process.processIdentifier, number) }

    func wait() async -> Finished {
        await ended.value
        return Finished(
            status: process.terminationReason == .uncaughtSignal
                ? 128 + process.terminationStatus : process.terminationStatus,
            output: output, errors: text("err"))
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOf: directory.appending(path: file), encoding: .utf8)) ?? ""
    }

    private static func newFile(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}

/// Runs a program to its end and says how it went.
@discardableResult
func attempt(_ arguments: [String], seconds: Int = 60) async throws -> Finished {
    try await Program(["timeout", "--kill-after=2", "\(seconds)"] + arguments).wait()
}

/// Runs a program that must succeed; its standard output.
@discardableResult
func run(_ arguments: [String], seconds: Int = 60) async throws -> String {
    let finished = try await attempt(arguments, seconds: seconds)
    guard finished.succeeded else { throw ProgramFailed(arguments: arguments, finished: finished) }
    return finished.output
}

/// Whether the condition came true in time; asked every 50 ms.
func eventually(within seconds: Double = 10, _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return false
}
