import Glibc
import Net

extension IPAddress {
    /// The address in a socket address of either family; `nil` for other families and for no address at all.
    init?(_ pointer: UnsafeMutablePointer<sockaddr>?) {
        guard let pointer else { return nil }
        let raw = UnsafeRawPointer(pointer)
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            self = .v4(IPv4Address(UInt32(bigEndian: raw.load(as: sockaddr_in.self).sin_addr.s_addr)))
        case AF_INET6:
            let address = raw.load(as: sockaddr_in6.self).sin6_addr
            guard let parsed = withUnsafeBytes(of: address, { IPAddress(bytes: $0) }) else { return nil }
            self = parsed
        default:
            return nil
        }
    }

    var socketFamily: Int32 { family == .v4 ? AF_INET : AF_INET6 }

    /// Calls `body` with a socket address that holds this address and `port` (host byte order).
    func withSocketAddress<Result>(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var storage = sockaddr_storage()
        let size: Int
        switch self {
        case .v4(let address):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = address.value.bigEndian
            size = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in.self) }
        case .v6(let address):
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: address.bytes) }
            size = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in6.self) }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }
}
