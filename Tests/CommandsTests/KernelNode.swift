import Commands
import Dataplane
import Foundation
import TestSupport
import Testing

/// A node in a namespace of its own: `eth0` with an address and a neighbour, and an instance that no other test has.
struct KernelNode {
    let namespace: Namespace
    let instance: String
    let directory: URL

    @discardableResult
    func sluice(_ arguments: String..., variables: [String: String] = [:]) throws -> CommandRun {
        try namespace.run { CommandRun(arguments + ["--instance", instance], variables: variables) }
    }

    /// The path of a file that says `text`.
    func file(_ text: String, _ name: String = "node.yaml") throws -> String {
        let file = directory.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path(percentEncoded: false)
    }

    /// The one document of a reading command, as `JSONSerialization` has it.
    func document(_ arguments: String...) throws -> [String: Any] {
        let run = try namespace.run { CommandRun(arguments + ["--json", "--instance", instance]) }
        try #require(run.status == .done, "\(run.error)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }
}

/// Gives `body` a node, and takes away what it left behind.
func withNode(_ body: (KernelNode) throws -> Void) throws {
    try withNamespace { namespace in
        try namespace.addPair("eth0", peer: "wire0")
        try namespace.ip("address", "add", "192.0.2.1/24", "dev", "eth0")
        try namespace.ip("route", "add", "default", "via", "192.0.2.254")
        let directory = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try withInstanceName { instance in
            try body(KernelNode(namespace: namespace, instance: instance, directory: directory))
        }
    }
}
