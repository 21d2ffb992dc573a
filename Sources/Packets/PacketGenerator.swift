public import Net

/// Random frames, most of them valid, steered toward what a test says is interesting. The same seed and interests give
/// the same frames.
///
/// Frames are not independent of each other: some follow up an earlier one, as its next fragment, as a segment of its
/// connection, or as an ICMP error about it, because what a data path remembers is only found out by such sequences.
public struct PacketGenerator: Sendable {
    /// What random packets should meet.
    public struct Interests: Sendable {
        /// Addresses in sets that rules name, just outside of them, and impossible ones.
        public var sources: [IPAddress]
        /// VIPs, the node's addresses, and some beyond.
        public var destinations: [IPAddress]
        /// Ports of services and rules.
        public var ports: [UInt16]
        /// Where services answer; a large part of the packets goes exactly there.
        public var services: [Service]
        /// Addresses that tunnel packets to the node have; empty: no more of these than chance makes.
        public var tunnelEnds: [IPAddress]
        /// Tunnels over UDP that end there.
        public var tunnelPorts: [UDPTunnel: UInt16]
        /// Numbers of virtual networks.
        public var networks: [UInt32]
        /// What datagrams to services begin with, now and then.
        public var datagrams: [[UInt8]]

        public enum UDPTunnel: Hashable, Sendable, CaseIterable { case gue, vxlan, geneve }

        public struct Service: Hashable, Sendable {
            public var address: IPAddress
            /// Other than TCP, UDP or SCTP: ignored.
            public var ipProtocol: IPProtocol
            public var port: UInt16

            public init(_ address: IPAddress, _ ipProtocol: IPProtocol, _ port: UInt16) {
                self.address = address
                self.ipProtocol = ipProtocol
                self.port = port
            }
        }

        public init(
            sources: [IPAddress], destinations: [IPAddress], ports: [UInt16], services: [Service] = [],
            tunnelEnds: [IPAddress] = [], tunnelPorts: [UDPTunnel: UInt16] = [:], networks: [UInt32] = [0],
            datagrams: [[UInt8]] = []
        ) {
            self.services = services
            self.sources = sources
            self.destinations = destinations
            self.ports = ports
            self.tunnelEnds = tunnelEnds
            self.tunnelPorts = tunnelPorts
            self.networks = networks
            self.datagrams = datagrams
        }
    }

    public let interests: Interests
    public internal(set) var random: SplitMix64
    /// Packets that later ones may follow up, oldest first.
    private var recent: [IPPacket] = []

    public init(_ interests: Interests, seed: UInt64) {
        self.interests = interests
        random = SplitMix64(seed: seed)
    }

    /// A frame's bytes: valid, or a valid one with something broken.
    public mutating func next() -> [UInt8] {
        var bytes = frame().bytes
        if random.chance(15) { mutate(&bytes) }
        return bytes
    }

    /// A frame that an honest sender could make, except perhaps for its addresses.
    public mutating func frame() -> Frame {
        if random.chance(2) { return linkFrame() }
        var frame = Frame(packet(), tags: tags())
        if frame.bytes.count < 60 && random.chance(50) {
            frame.trailer = [UInt8](repeating: 0, count: 60 - frame.bytes.count)
        }
        return frame
    }

    public mutating func packet() -> IPPacket {
        var packet = plainPacket()
        if let earlier = recent.last, random.chance(25) {
            packet = followUp(random.chance(60) ? earlier : random.pick(recent))
        }
        if !interests.tunnelEnds.isEmpty && random.chance(10) { packet = tunnelled(packet) }
        recent.append(packet)
        if recent.count > 16 { recent.removeFirst() }
        return packet
    }

    private mutating func tags() -> [Frame.VLANTag] {
        guard random.chance(10) else { return [] }
        let inner = Frame.VLANTag(random.number(), priority: UInt8.random(in: 0...7, using: &random))
        let outer = Frame.VLANTag(random.number(), etherType: 0x88A8)
        return random.chance(60) ? [inner] : random.chance(90) ? [outer, inner] : [outer, outer, inner]
    }

    /// What links need besides IP, and what they do not.
    private mutating func linkFrame() -> Frame {
        let group = MACAddress(octets: (0x01, 0x80, 0xC2, 0, 0, random.number()))
        let etherType: UInt16 = random.pick([0x0806, 0x88CC, 0x8809, 0x888E, 0x0026, 0x05FF, 0x0600, 0x88F7, 0x9100])
        let destination = random.chance(70) ? group : Frame.anyDestination
        if etherType == ARPMessage.etherType {
            return Frame(.arp(ARPMessage(from: IPv4Address(random.number()), to: IPv4Address(random.number()))))
        }
        return Frame(to: destination, tags: tags(), .other(etherType: etherType, random.bytes(46)))
    }

    // MARK: What the parts draw on

    /// One of the interesting ones, a neighbour of one, or any.
    mutating func address(_ choices: [IPAddress], _ family: IPAddress.Family) -> IPAddress {
        let fitting = choices.filter { $0.family == family }
        guard !fitting.isEmpty, random.chance(95) else {
            return family == .v4
                ? .v4(IPv4Address(random.number())) : .v6(IPv6Address(high: random.number(), low: random.number()))
        }
        let address = random.pick(fitting)
        guard random.chance(10) else { return address }
        switch address {
        case .v4(let v4): return .v4(IPv4Address(v4.value ^ 1 << UInt32.random(in: 0..<32, using: &random)))
        case .v6(let v6):
            let bit = UInt64(1) << UInt64.random(in: 0..<64, using: &random)
            return .v6(
                random.chance(50)
                    ? IPv6Address(high: v6.high ^ bit, low: v6.low) : IPv6Address(high: v6.high, low: v6.low ^ bit))
        }
    }

    mutating func port() -> UInt16 {
        guard !interests.ports.isEmpty, random.chance(80) else { return random.number() }
        let port = random.pick(interests.ports)
        return random.chance(90) ? port : port &+ 1
    }
}
