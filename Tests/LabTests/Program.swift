import Foundation
import Synchronization

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
///
/// Not Foundation's `Process`, which takes a program to be running for as long as a daemon that it started does.
final class Program: Sendable {
    private let identifier: pid_t
    private let directory: URL
    /// Exit status, once it was asked for. Until then an ended program stays in the kernel's process table, so its
    /// identifier is nobody else's.
    private let status = Mutex<Int32?>(nil)

    /// Finds the program on PATH.
    init(_ arguments: [String]) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(STDOUT_FILENO, "out"), (STDERR_FILENO, "err")] {
            let path = directory.appending(path: name).path(percentEncoded: false)
            posix_spawn_file_actions_addopen(&files, descriptor, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        // Threads of ours block signals, and Ctrl-C is handled by us; the program is to have neither from us.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var handled = sigset_t()
        sigemptyset(&none)
        sigemptyset(&handled)
        for signal in Lab.interrupts { sigaddset(&handled, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &handled)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var identifier: pid_t = 0
        let error = posix_spawnp(&identifier, arguments[0], &files, &attributes, words, environ)
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .ENOENT) }
        self.identifier = identifier
    }

    deinit {
        signal(SIGKILL)
        _ = poll(0)
        try? FileManager.default.removeItem(at: directory)
    }

    /// The status as ``Finished`` has it; `nil` while the program runs. `options` are those of `waitpid`.
    private func poll(_ options: Int32 = WNOHANG) -> Int32? {
        status.withLock { status in
            var value: Int32 = 0
            if status == nil, waitpid(identifier, &value, options) == identifier {
                // wait(2): the low seven bits are the number of the signal that killed it.
                status = value & 0x7f == 0 ? value >> 8 & 0xff : 128 + (value & 0x7f)
            }
            return status
        }
    }

    var isRunning: Bool { poll() == nil }

    /// What it has printed so far.
    var output: String { text("out") }
    var errors: String { text("err") }

    func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    func wait() async -> Finished {
        while true {
            if let status = poll() { return Finished(status: status, output: output, errors: errors) }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOf: directory.appending(path: file), encoding: .utf8)) ?? ""
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
