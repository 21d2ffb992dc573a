import Glibc
import TestSupport
import Testing

@testable import Node

@Suite struct LoopbackTests {
    private static let setting = "/proc/sys/net/ipv4/conf/lo/forwarding"

    private func forwarding() -> UInt8? {
        let file = open(Self.setting, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var value: UInt8 = 0
        return pread(file, &value, 1, 0) == 1 ? value : nil
    }

    @Test(.enabled(if: isRoot)) func forwardingIsOnAfterwards() throws {
        try withNamespace { namespace in
            try namespace.run {
                #expect(forwarding() != nil)
                // The second time finds it on.
                for _ in 0..<2 { try Loopback.enableForwarding() }
                #expect(forwarding() == UInt8(ascii: "1"))
            }
        }
    }
}
