import Net
import Packets

/// The Ethernet header, VLAN tags included.
struct Link {
    /// Everything up to, but not including, the EtherType of the content.
    private let header: ArraySlice<UInt8>
    let etherType: UInt16
    let content: ArraySlice<UInt8>

    static let mostTags = 2

    init(_ frame: [UInt8]) throws(Refusal) {
        var length = 12
        var tags = 0
        while true {
            guard frame.count >= length + 2 else { throw .malformed }
            let etherType = frame[length...].big16(0)
            guard etherType == 0x8100 || etherType == 0x88A8, tags < Self.mostTags else {
                self.etherType = etherType
                break
            }
            length += 4
            tags += 1
        }
        header = frame[..<length]
        content = frame[(length + 2)...]
    }

    /// ARP, LLDP, LACP, EAPOL, and the spanning tree's and other 802.3 frames to groups that no bridge forwards.
    var isUpkeep: Bool {
        switch etherType {
        case 0x0806, 0x88CC, 0x8809, 0x888E: true
        case ..<0x600: header.starts(with: [0x01, 0x80, 0xC2, 0, 0]) && header[5] < 0x10
        default: false
        }
    }

    var isToGroup: Bool { header[header.startIndex] & 1 == 1 }

    /// The same header in front of another packet.
    func frame(_ packet: [UInt8]) -> [UInt8] { framed(Array(header), packet) }

    /// As `frame`, back to where the frame came from.
    func answer(_ packet: [UInt8]) -> [UInt8] { framed(Array(header[6..<12]) + header[..<6] + header[12...], packet) }

    /// As `frame`, to a next hop. Tags belong to the link that the frame came from.
    func frame(_ packet: [UInt8], to hop: Environment.NextHop, keepingTags: Bool) -> [UInt8] {
        framed(hop.destination.bytes + hop.source.bytes + (keepingTags ? Array(header[12...]) : []), packet)
    }

    private func framed(_ header: [UInt8], _ packet: [UInt8]) -> [UInt8] {
        var bytes = header
        bytes.append(big: packet[0] >> 4 == 4 ? IPPacket.etherType4 : IPPacket.etherType6)
        return bytes + packet
    }
}
