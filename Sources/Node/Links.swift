import Glibc
import Net
import Plan

extension NodeFacts.Link {
    /// Every link of this network namespace with its addresses, by index.
    ///
    /// Asked of the kernel by `ioctl` and `getifaddrs` rather than read from `/sys/class/net`, which shows the network
    /// namespace it was mounted in and not the caller's.
    static func all() throws(NodeError) -> [NodeFacts.Link] {
        guard let names = if_nameindex() else { throw NodeError("list links") }
        defer { if_freenameindex(names) }
        let socket = try DatagramSocket(family: AF_INET)
        let addresses = try addressesByLink()

        var links: [NodeFacts.Link] = []
        var entry = names
        while entry.pointee.if_index != 0, let pointer = entry.pointee.if_name {
            let name = String(cString: pointer)
            // A link that has gone since it was listed answers ENODEV, and is then none.
            if let mtu = socket.mtu(of: name) {
                links.append(
                    NodeFacts.Link(
                        name: name, index: entry.pointee.if_index, mtu: mtu, mac: socket.ethernetAddress(of: name),
                        addresses: addresses[name, default: []]))
            }
            entry += 1
        }
        return links.sorted { $0.index < $1.index }
    }

    private static func addressesByLink() throws(NodeError) -> [String: [IPAddress]] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw NodeError("list addresses") }
        defer { freeifaddrs(first) }

        var result: [String: [IPAddress]] = [:]
        var entry = first
        while let current = entry {
            if let address = IPAddress(current.pointee.ifa_addr) {
                // Labels of IPv4 addresses (`eth0:1`) are aliases of the link before the colon.
                let label = String(cString: current.pointee.ifa_name)
                result[String(label.prefix { $0 != ":" }), default: []].append(address)
            }
            entry = current.pointee.ifa_next
        }
        return result
    }
}

extension DatagramSocket {
    /// Bytes of IP packet; `nil` where there is no such link.
    fileprivate func mtu(of name: String) -> Int? {
        request(name, UInt(SIOCGIFMTU)).map { Int($0.ifr_ifru.ifru_mtu) }
    }

    /// `nil` for links that are not Ethernet.
    fileprivate func ethernetAddress(of name: String) -> MACAddress? {
        guard let hardware = request(name, UInt(SIOCGIFHWADDR))?.ifr_ifru.ifru_hwaddr,
            hardware.sa_family == ARPHRD_ETHER
        else { return nil }
        return withUnsafeBytes(of: hardware.sa_data) { MACAddress(bytes: $0.prefix(6)) }
    }

    private func request(_ name: String, _ code: UInt) -> ifreq? {
        var request = ifreq()
        let fits = withUnsafeMutableBytes(of: &request.ifr_ifrn.ifrn_name) { field in
            // One byte stays for the terminator.
            guard name.utf8.count < field.count else { return false }
            field.copyBytes(from: name.utf8)
            return true
        }
        guard fits, ioctl(descriptor, code, &request) == 0 else { return nil }
        return request
    }
}

/// `ARPHRD_ETHER` of `<linux/if_arp.h>`.
private let ARPHRD_ETHER: UInt16 = 1
