import BPF
import Dataplane
import Foundation
import Image
import Net
import Oracle
import Packets
import Plan
import Policy
import TestSupport
import Testing

/// A node in a network namespace of its own, with the data plane loaded, and the reference model of the same state.
///
/// Behind `nic` and `far` are neighbours that answer nothing but whose hardware addresses are known, so that every kind
/// of next hop there is can be had: on the interface a packet came from, on another one, unresolved, and none.
final class KernelNode {
    static let addresses: [IPAddress] = ["10.0.0.1", "10.0.5.1", "2001:db8:ff::1", "2001:db8:fe::1"]
        .map { IPAddress($0)! }
    var addresses: [IPAddress] { Self.addresses }
    static let backends: [IPAddress] = [
        "10.0.0.11", "10.0.0.12", "10.0.5.11", "10.0.0.13", "10.99.0.1",
        "2001:db8:ff::11", "2001:db8:fe::11", "2001:db8:ff::13", "2001:db8:99::1",
    ].map { IPAddress($0)! }
    static let nicMTU = 1500
    static let farMTU = 1400

    let namespace: Namespace
    let nic: UInt32
    let far: UInt32
    private let facts: NodeFacts
    private let instance: Instance
    private(set) var state = State()
    private var image: Image?
    private(set) var dataplane: Dataplane?
    private(set) var model: Oracle

    /// Gives `body` a node, on a thread that stays in its namespace.
    static func with<Result>(_ body: (KernelNode) throws -> Result) throws -> Result {
        try withNamespace { namespace in
            try withInstanceName { name in
                try namespace.run { try body(KernelNode(namespace, name)) }
            }
        }
    }

    private init(_ namespace: Namespace, _ instanceName: String) throws {
        self.namespace = namespace
        instance = try Instance(instanceName)
        // The neighbours' ends stay without IPv6, so that the kernel sends nothing there by itself.
        nic = try namespace.addPair("nic", peer: "wire", ipv6: false)
        far = try namespace.addPair("far", peer: "away", ipv6: false)
        try namespace.ip("link", "set", "far", "mtu", "\(Self.farMTU)")
        let hardware = ["nic": "02:00:00:00:01:01", "far": "02:00:00:00:05:01"]
        for (name, address) in hardware { try namespace.ip("link", "set", name, "address", address) }
        for device in ["nic", "far"] {
            try Data("0".utf8).write(to: URL(filePath: "/proc/sys/net/ipv6/conf/\(device)/disable_ipv6"))
        }
        for (device, address) in [("nic", "10.0.0.1/24"), ("far", "10.0.5.1/24")] {
            try namespace.ip("addr", "add", address, "dev", device)
        }
        for (device, address) in [("nic", "2001:db8:ff::1/64"), ("far", "2001:db8:fe::1/64")] {
            try namespace.ip("-6", "addr", "add", address, "dev", device, "nodad")
        }
        for (device, address, mac) in Self.neighbours {
            try namespace.ip("neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")
        }
        try namespace.ip("route", "add", "default", "via", "10.0.5.254")
        try namespace.ip("-6", "route", "add", "default", "via", "2001:db8:fe::fe")
        try namespace.ip("route", "add", "unreachable", "10.99.0.0/16")
        try namespace.ip("-6", "route", "add", "unreachable", "2001:db8:99::/48")

        let links = [("nic", nic, Self.nicMTU, 0..<1), ("far", far, Self.farMTU, 1..<2)].map { name, index, mtu, at in
            NodeFacts.Link(
                name: name, index: index, mtu: mtu, mac: MACAddress(hardware[name]!),
                addresses: [Self.addresses[at.lowerBound], Self.addresses[at.lowerBound + 2]])
        }
        facts = NodeFacts(links: links, now: Self.monotonicSeconds())
        model = Oracle(state: state, environment: Self.environment(nic: nic, far: far), now: facts.now)
    }

    private static let neighbours = [
        ("nic", "10.0.0.11", "02:00:00:00:00:11"), ("nic", "10.0.0.12", "02:00:00:00:00:12"),
        ("far", "10.0.5.11", "02:00:00:00:05:11"), ("far", "10.0.5.254", "02:00:00:00:05:fe"),
        ("nic", "2001:db8:ff::11", "02:00:00:00:06:11"), ("far", "2001:db8:fe::11", "02:00:00:00:07:11"),
        ("far", "2001:db8:fe::fe", "02:00:00:00:07:fe"),
    ]

    private static func environment(nic: UInt32, far: UInt32) -> Environment {
        func hop(_ device: String, _ mac: String) -> Environment.Route {
            let isNIC = device == "nic"
            return .neighbour(
                Environment.NextHop(
                    interface: isNIC ? nic : far, destination: MACAddress(mac)!,
                    source: MACAddress(isNIC ? "02:00:00:00:01:01" : "02:00:00:00:05:01")!,
                    mtu: isNIC ? nicMTU : farMTU))
        }
        var environment = Environment(localAddresses: Set(addresses))
        for broadcast in ["10.0.0.255", "10.0.5.255"] { environment.localAddresses.insert(IPAddress(broadcast)!) }
        for (device, address, mac) in neighbours { environment.routes[IPAddress(address)!] = hop(device, mac) }
        for unresolved in ["10.0.0.13", "2001:db8:ff::13"] { environment.routes[IPAddress(unresolved)!] = .noNeighbour }
        let networks: [(String, Int, Environment.Route)] = [
            ("10.0.0.0", 24, .noNeighbour), ("10.0.5.0", 24, .noNeighbour), ("10.99.0.0", 16, .noRoute),
            ("2001:db8:ff::", 64, .noNeighbour), ("2001:db8:fe::", 64, .noNeighbour), ("2001:db8:99::", 48, .noRoute),
            ("0.0.0.0", 0, hop("far", "02:00:00:00:05:fe")), ("::", 0, hop("far", "02:00:00:00:07:fe")),
        ]
        environment.networks = networks.map { (Prefix(masking: IPAddress($0)!, length: $1)!, $2) }
        return environment
    }

    static func monotonicSeconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec)
    }

    /// Publishes to the kernel and to the model.
    func publish(_ document: Document, overrides: [Override] = []) throws {
        var facts = facts
        facts.now = Self.monotonicSeconds()
        let previous = dataplane == nil ? nil : state
        let next = try compile(document, facts: facts, overrides: overrides, previous: previous)
        let image = try Image.compile(PublishedState(state: next, overrides: overrides), reusing: image)
        let publication = Publication(image, after: previous)
        dataplane = try Dataplane.apply(publication, to: instance, under: InstanceLock(instance)).dataplane
        state = next
        self.image = image
        model.state = next
    }

    func publish(yaml: String) throws { try publish(document(yaml)) }

    func document(_ yaml: String) throws -> Document { try Policy.parse([SourceFile(name: "test", text: yaml)]).0 }

    /// What the model says of a frame that comes in through `nic`.
    func expect(_ frame: [UInt8]) -> Judgement {
        model.now = Self.monotonicSeconds()
        model.preference = try? preference(frame)
        return model.judge(frame: frame, interface: nic)
    }

    /// The backend that a scheduler which goes by live counts or measured times chooses now.
    private func preference(_ frame: [UInt8]) throws -> UInt32? {
        guard state.services.contains(where: { [.leastConnections, .latency].contains($0.scheduler) }),
            let trace = try dataplane?.dryRunner().run(frame, interfaceIndex: nic).trace, trace.flags.contains(.backend)
        else { return nil }
        return state.services.flatMap(\.backends)[Int(trace.backend)].slot
    }

    /// What the program says, and then does. The dry run comes first, since it must not change what the other finds.
    func observe(_ frame: [UInt8]) throws -> Observation {
        let dry = try dataplane!.dryRunner().run(frame, interfaceIndex: nic)
        let wet = try dataplane!.run(frame, interfaceIndex: nic)
        return Observation(dry, wet.action, wet.packet, self)
    }

    /// Packets that the rule in a slot has decided; 0: the default.
    func packets(ofRule slot: UInt32) throws -> UInt64 { try dataplane!.counters().rule(slot).packets }

    /// Packets that should have named a backend of the service, by program and model.
    func unknownQUIC(_ service: UInt32) throws -> [UInt64] {
        [try dataplane!.counters().unknownQUIC(service).packets, model.unknownQUIC[service] ?? 0]
    }

    /// Index of the interface through which the program would send a frame.
    func egress(_ frame: [UInt8]) throws -> UInt32 {
        try dataplane!.dryRunner().run(frame, interfaceIndex: nic).trace.nextHopIndex
    }

    /// A frame leaves the node: the model and the program at the way out both see it.
    ///
    /// - Returns: The frame as it goes on.
    @discardableResult
    func send(_ frame: [UInt8]) throws -> [UInt8] {
        model.now = Self.monotonicSeconds()
        // The kernel runs programs on no shorter ones.
        guard frame.count >= 60 else { return frame }
        let foreseen = model.observeEgress(frame: frame)
        let sent = try Program(pinnedAt: "\(instance.pinDirectory)/prog/egress").run(TestRun(packet: frame)).packet
        #expect(sent == foreseen, "sent\n\(hexdump(sent))\nforeseen\n\(hexdump(foreseen))")
        return sent
    }
}
