import Net

// One line per frame, much as tcpdump prints it. A field that deviates from what it should be is shown with `!`.

private func words(_ parts: [String?]) -> String { parts.compactMap { $0 }.joined(separator: " ") }

private func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }

private func wrong(_ name: String, _ value: (some BinaryInteger)?) -> String? { value.map { "\(name)=\(hex($0))!" } }

private func size(_ name: String, _ bytes: [UInt8]) -> String? { bytes.isEmpty ? nil : "\(name) \(bytes.count)" }

extension Frame: CustomStringConvertible {
    public var description: String {
        words(
            ["\(source) > \(destination)"] + tags.map(\.description) + [
                "|", content.description, size("trailer", trailer),
            ])
    }

    /// The frame in one readable line, then its bytes; for failing tests.
    public static func dump(_ bytes: [UInt8]) -> String {
        (Frame(bytes: bytes)?.description ?? "no frame") + "\n" + hexdump(bytes)
    }
}

extension Frame.VLANTag: CustomStringConvertible {
    public var description: String {
        words([
            etherType == 0x8100 ? "vlan" : "svlan", "\(control & 0xFFF)",
            control >> 12 == 0 ? nil : "priority \(control >> 13)",
        ])
    }
}

extension Frame.Content: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ip(let packet): packet.description
        case .arp(let message):
            "arp \(message.operation) \(message.sender) \(message.senderMAC) > \(message.target) \(message.targetMAC)"
        case .other(let etherType, let bytes): "ethertype \(hex(etherType)) length \(bytes.count)"
        }
    }
}

extension IPPacket: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v4(let packet): packet.description
        case .v6(let packet): packet.description
        }
    }
}

extension IPv4Packet: CustomStringConvertible {
    public var description: String {
        let isFragment = moreFragments || fragmentOffset > 0
        return words([
            "\(source) > \(destination)", "ttl \(timeToLive)",
            trafficClass == 0 ? nil : "tos \(hex(trafficClass))",
            isFragment ? "fragment \(identification)@\(Int(fragmentOffset) * 8)\(moreFragments ? "+" : "")" : nil,
            dontFragment ? "df" : nil, size("options", options), wrong("version", version),
            wrong("ihl", headerLength), wrong("total", totalLength), wrong("checksum", checksum),
            payload.description,
        ])
    }
}

extension IPv6Packet: CustomStringConvertible {
    public var description: String {
        words(
            [
                "\(source) > \(destination)", "hop \(hopLimit)", trafficClass == 0 ? nil : "class \(hex(trafficClass))",
                flowLabel == 0 ? nil : "label \(hex(flowLabel))", wrong("version", version),
                wrong("length", payloadLength),
            ] + extensionHeaders.map(\.description) + [payload.description])
    }
}

extension ExtensionHeader: CustomStringConvertible {
    public var description: String {
        switch number {
        case Self.hopByHopNumber: "[hop-by-hop \(body.count + 1)]"
        case Self.routingNumber: "[routing \(body.count + 1)]"
        case Self.destinationOptionsNumber: "[destination \(body.count + 1)]"
        case Self.fragmentNumber:
            "[fragment \(body[...].big32(3))@\(Int(fragmentOffset) * 8)\(body[2] & 1 == 1 ? "+" : "")]"
        default: "[\(number) \(body.count + 1)]"
        }
    }
}

extension Payload: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tcp(let segment): segment.description
        case .udp(let datagram): datagram.description
        case .sctp(let packet):
            words([
                "sctp \(packet.sourcePort) > \(packet.destinationPort) tag \(hex(packet.verificationTag))",
                wrong("checksum", packet.checksum), "length \(packet.chunks.count)",
            ])
        case .icmp(let message): message.description(.icmp)
        case .icmpv6(let message): message.description(.icmpv6)
        case .ip(let packet): "{ \(packet) }"
        case .raw(let ipProtocol, let bytes): "\(ipProtocol) length \(bytes.count)"
        }
    }
}

extension TCPSegment: CustomStringConvertible {
    public var description: String {
        words([
            "tcp \(sourcePort) > \(destinationPort) [\(flags)]", size("options", options),
            wrong("offset", dataOffset), wrong("checksum", checksum), "length \(data.count)",
        ])
    }
}

extension UDPDatagram: CustomStringConvertible {
    public var description: String {
        words([
            "udp \(sourcePort) > \(destinationPort)", wrong("length", length), wrong("checksum", checksum),
            "length \(data.count)",
        ])
    }
}

extension ICMPMessage {
    func description(_ ipProtocol: IPProtocol) -> String {
        words([
            "\(ipProtocol) \(ICMPType.name(of: type, ipProtocol) ?? "\(type)")", code == 0 ? nil : "code \(code)",
            wrong("checksum", checksum), "length \(rest.count)",
        ])
    }
}
