internal import BPF

/// What the kernel must allow and offer before anything can be loaded.
enum Requirements {
    private static let features: [Feature] = [.xdp, .trafficControl, .xdpLinks, .ringBuffer, .mappableArrays, .jiffies]

    static func check() throws(DataplaneError) {
        try checkPrivilege()
        let lacking = features.filter { !$0.isAvailable }
        guard lacking.isEmpty else {
            let names = lacking.map { "\($0.name) (from Linux \($0.since))" }.joined(separator: ", ")
            throw DataplaneError(.kernel, "this kernel lacks \(names)", hint: "Linux 6.1 and later have them")
        }
    }

    static func checkPrivilege() throws(DataplaneError) {
        let missing = Capability.missing()
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: ", ")
            throw DataplaneError(.privilege, "this needs \(names)", hint: "run it as root")
        }
    }
}
