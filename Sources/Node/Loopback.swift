import Glibc
import Net

/// The loopback interface, by which the data path asks the kernel's routing tables.
public enum Loopback {
    /// Lets routes be looked up as if by a packet of the node's own, whether or not the node routes between its links.
    ///
    /// The setting means nothing else on this interface: nothing that the loopback receives is for another node.
    /// - Throws: Where the setting cannot be written. A node without IPv6 has none for it, which is no error.
    public static func enableForwarding() throws(NodeError) {
        for family in ["ipv4", "ipv6"] {
            let path = "/proc/sys/net/\(family)/conf/lo/forwarding"
            let file = open(path, O_RDWR | O_CLOEXEC)
            if file < 0, errno == ENOENT { continue }
            guard file >= 0 else { throw NodeError("open \(path)") }
            defer { close(file) }
            var value: UInt8 = 0
            let isOn = pread(file, &value, 1, 0) == 1 && value == UInt8(ascii: "1")
            var on = UInt8(ascii: "1")
            guard isOn || pwrite(file, &on, 1, 0) == 1 else { throw NodeError("write \(path)") }
        }
    }
}
