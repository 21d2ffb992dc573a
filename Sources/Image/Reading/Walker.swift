internal import DataplaneABI
public import Net

/// The look-ups that the data path makes, over the same words.
extension Image {
    /// What the tables know of an address.
    public struct AddressValue: Hashable, Sendable {
        /// Addresses of one class are in the same sets.
        public var addressClass: Int
        /// Local to the node when the image was made.
        public var isOwn: Bool
        public var isVIP: Bool

        init(_ word: UInt32) {
            addressClass = Int(word & ADDRESS_CLASS)
            isOwn = word & ADDRESS_OWN != 0
            isVIP = word & ADDRESS_VIP != 0
        }
    }

    public struct Frontend: Hashable, Sendable {
        /// Index into the state's services; `nil` where ICMP echo is answered.
        public var service: Int?
        public var subject: UInt32
    }

    /// What decides where no service stands: destinations local to the node, and those beyond it.
    public enum Plane: String, Hashable, Sendable, CaseIterable { case node, transit }

    public struct Cell: Hashable, Sendable {
        public var allows: Bool
        /// Slot of the deciding rule; 0: the default.
        public var rule: UInt32
        /// The service is not for these sources, and no rule was asked.
        public var isOutsideSources: Bool

        init(_ word: UInt32) {
            allows = word & CELL_ALLOW != 0
            rule = word & CELL_RULE
            isOutsideSources = word & CELL_SOURCE != 0
        }
    }

    public func addressValue(of address: IPAddress) -> AddressValue {
        AddressValue(policy.addresses.value(of: address))
    }

    public func portClass(_ ipProtocol: IPProtocol, _ selector: UInt16) -> Int {
        Int(policy.portClass(ipProtocol, selector))
    }

    /// - Parameter port: 0 with ICMP or ICMPv6 asks whether echo is answered.
    public func frontend(_ address: IPAddress, _ ipProtocol: IPProtocol, port: UInt16) -> Frontend? {
        let selector = ipProtocol == .icmp ? 8 << 8 : ipProtocol == .icmpv6 ? 128 << 8 : port
        let found = policy.frontends.find(address, ipProtocol, port) ?? policy.wide(address, ipProtocol, selector)
        return found.map {
            Frontend(service: $0.service == FRONTEND_ECHO ? nil : Int($0.service), subject: $0.subject)
        }
    }

    /// The number in its service of the backend that has a server id, as the data path finds it.
    public func quicBackend(service: Int, id: [UInt8]) -> Int? {
        let ways = Int(QUIC_WAYS)
        let detail = services.details.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: service * Line.bytes, as: service_detail.self)
        }
        guard detail.quic_line > 0, id.count == Int(detail.quic_id_length) else { return nil }
        let number = QUICTables.number(id)
        let first = (Int(detail.quic_line) - layout.start(.details)) * Line.words
        let choices = BucketTable.choices(hash_key(number, 0, 0), mask: detail.quic_mask)
        for bucket in [choices.first, choices.second].map({ first + $0 * Line.words }) {
            for way in 0..<ways where services.details.load(at: bucket + 2 * way) == number {
                let backend = services.details[bucket + 2 * ways + way]
                if backend > 0 { return Int(backend) - 1 }
            }
            if services.details[bucket + 3 * ways] == 0 { break }
        }
        return nil
    }

    public func subject(_ plane: Plane, destinationClass: Int, portClass: Int) -> UInt32 {
        let base = plane == .node ? policy.nodeBase : policy.transitBase
        return policy.word(policy.word(base, UInt32(destinationClass)), UInt32(portClass))
    }

    public func cell(subject: UInt32, sourceClass: Int) -> Cell { Cell(policy.word(subject, UInt32(sourceClass))) }
}
