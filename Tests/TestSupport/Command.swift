import Foundation

/// A command that did not end well.
public struct CommandFailure: Error, CustomStringConvertible {
    public let command: [String]
    public let output: String

    public var description: String { "\(command.joined(separator: " ")) failed: \(output)" }
}

/// Runs a command found in PATH; returns what it printed, both streams.
@discardableResult
public func run(_ command: String...) throws -> String { try run(command) }

@discardableResult
public func run(_ command: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CommandFailure(command: command, output: output) }
    return output
}
