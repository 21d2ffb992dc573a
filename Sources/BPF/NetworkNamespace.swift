internal import CLibbpf
internal import Glibc

/// A network namespace: what interface numbers, attachments and test runs mean depends on it.
public struct NetworkNamespace: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// The namespace at `path`, as `/run/netns/blue` or `/proc/4711/ns/net`.
    public init(_ path: String) throws(BPFError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open network namespace \(path)") }
        self.descriptor = Descriptor(owning: descriptor)
    }

    /// Runs `body` in this namespace, and the thread in its own one again afterwards. Mounts stay as they are, unlike
    /// under `ip netns exec`.
    public func run<Result>(_ body: () throws -> Result) throws -> Result {
        let home = try NetworkNamespace("/proc/thread-self/ns/net")
        try enter()
        defer {
            // A thread astray would do other people's work in the wrong place.
            do { try home.enter() } catch { preconditionFailure("cannot return to the namespace: \(error)") }
        }
        return try body()
    }

    /// The kernel's number for the namespace of this thread, as programs see it; never used again for another one.
    public static func currentCookie() throws(BPFError) -> UInt64 {
        let what = "ask for the network namespace's number"
        let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw .last(what) }
        defer { close(socket) }
        var cookie: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        guard getsockopt(socket, SOL_SOCKET, SLUICE_SO_NETNS_COOKIE, &cookie, &length) == 0 else { throw .last(what) }
        return cookie
    }

    private func enter() throws(BPFError) {
        try call("enter a network namespace") {
            setns(descriptor.rawValue, SLUICE_CLONE_NEWNET) == 0 ? 0 : -errno
        }
    }
}
