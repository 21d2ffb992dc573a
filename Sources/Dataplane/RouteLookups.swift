import Foundation

/// The programs look up routes as if for packets that the node itself sends: by the loopback device. The kernel answers
/// only for devices whose `forwarding` is on, and for loopback that changes nothing else, because no packet to be
/// forwarded ever comes from there. So next hops are found on nodes that do not route.
enum RouteLookups {
    private static let settings = [4, 6].map { "/proc/sys/net/ipv\($0)/conf/lo/forwarding" }

    /// Returns a clause to warn with where the setting could not be made.
    static func enable() -> String? {
        let refused = settings.filter { path in
            // A kernel without IPv6 has nothing to set.
            guard FileManager.default.fileExists(atPath: path) else { return false }
            guard let file = FileHandle(forWritingAtPath: path) else { return true }
            defer { try? file.close() }
            do { try file.write(contentsOf: Data("1\n".utf8)) } catch { return true }
            return false
        }
        guard !refused.isEmpty else { return nil }
        return "cannot set \(refused.joined(separator: " and ")) to 1: "
            + "without it next hops are found only where the node forwards"
    }
}
