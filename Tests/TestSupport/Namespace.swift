import BPF
import Foundation
import Synchronization

/// A network namespace of a test's own. It has a loopback, and what the test adds.
public struct Namespace: Sendable {
    public let name: String

    /// Runs `body` in the namespace, on this thread; file systems stay as they are.
    public func run<Result>(_ body: () throws -> Result) throws -> Result {
        try NetworkNamespace("/run/netns/\(name)").run(body)
    }

    /// Adds a pair of virtual interfaces, both in the namespace and up; returns the kernel's index of `name`. Without
    /// IPv6, the kernel sends nothing there by itself.
    @discardableResult
    public func addPair(_ name: String, peer: String, ipv6: Bool = true) throws -> UInt32 {
        try ip("link", "add", name, "type", "veth", "peer", "name", peer)
        for end in [name, peer] {
            if !ipv6 {
                try run { try Data("1".utf8).write(to: URL(filePath: "/proc/sys/net/ipv6/conf/\(end)/disable_ipv6")) }
            }
            try ip("link", "set", end, "up")
        }
        return try index(of: name)
    }

    public func index(of interface: String) throws -> UInt32 { try run { if_nametoindex(interface) } }

    /// `ip ARGUMENTS…` in the namespace.
    @discardableResult
    public func ip(_ arguments: String...) throws -> String { try TestSupport.run(["ip", "-n", name] + arguments) }
}

/// Gives `body` a namespace, and takes it away again, however `body` ends.
public func withNamespace<Result>(_ body: (Namespace) throws -> Result) throws -> Result {
    let namespace = Namespace(name: uniqueName())
    try run("ip", "netns", "add", namespace.name)
    defer { _ = try? run("ip", "netns", "delete", namespace.name) }
    try namespace.ip("link", "set", "lo", "up")
    return try body(namespace)
}

/// Gives `body` the name of an instance that nobody has, and removes whatever is pinned by that name afterwards.
public func withInstanceName<Result>(_ body: (String) throws -> Result) throws -> Result {
    let name = uniqueName()
    try BPFFilesystem.ensureMounted()
    defer {
        for suffix in ["", "+next", "+down"] { removePins("\(BPFFilesystem.path)/sluice/\(name)\(suffix)") }
        for suffix in ["lock", "explain.lock"] { unlink("/run/sluice/\(name).\(suffix)") }
    }
    return try body(name)
}

/// Gives `body` an empty directory on the BPF file system.
public func withPinDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    try BPFFilesystem.ensureMounted()
    let directory = "\(BPFFilesystem.path)/\(uniqueName())"
    try BPFFilesystem.makeDirectory(directory)
    defer { removePins(directory) }
    return try body(directory)
}

/// Whether tests that need the kernel can run.
public let isRoot = geteuid() == 0

private func removePins(_ directory: String) {
    for name in (try? BPFFilesystem.contents(of: directory)) ?? [] {
        let path = "\(directory)/\(name)"
        if BPFFilesystem.isDirectory(path) {
            removePins(path)
        } else if let link = try? Link(pinnedAt: path) {
            try? link.detach()
        }
    }
    try? BPFFilesystem.removeTree(directory)
}

/// Short, since interfaces and pins are named after it; told apart by process and count.
private func uniqueName() -> String { "test-\(getpid())-\(count.add(1, ordering: .relaxed).newValue)" }

private let count = Atomic(0)
