import Glibc
import Net

/// A UDP socket that asks the kernel questions and never sends anything.
struct DatagramSocket: ~Copyable {
    let descriptor: Int32

    init(family: Int32) throws(NodeError) {
        let opened = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { throw NodeError("open a socket") }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// The address that the kernel would send to `destination` from, as its routing tables stand; `nil` without a
    /// route.
    ///
    /// Connecting a UDP socket does the route look-up and sends nothing. The port is of no account.
    func routeSource(to destination: IPAddress) -> IPAddress? {
        disconnect()
        guard destination.withSocketAddress(port: 9, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0 ? IPAddress(address) : nil
            }
        }
    }

    /// A socket that was connected before keeps its source address; this lets go of it.
    private func disconnect() {
        var unspecified = sockaddr()
        unspecified.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &unspecified, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
