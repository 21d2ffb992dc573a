import BPF
import TestSupport

@testable import Dataplane

/// A namespace with two pairs of interfaces and an instance that nobody has.
struct Stage {
    static let names = ["left", "right.7"]

    let namespace: Namespace
    let instance: Instance
    /// By the order of ``names``.
    let indices: [UInt32]

    var attachments: Attachments { Attachments(of: instance.pinDirectory) }

    func attachment(_ number: Int) -> Attachment {
        Attachment(name: Self.names[number], index: indices[number])
    }

    func publication(
        on numbers: [Int] = [0], allows: Bool = true, padding: Int = 0, needs: SlotNeeds = Self.needs,
        fresh: FreshSlots = FreshSlots()
    ) -> Publication {
        let image = TestImage(
            interfaces: numbers.map { (indices[$0], UInt32($0 + 1)) }, allows: allows, padding: padding)
        return Publication(
            image: image.bytes, interfaces: numbers.map(attachment), needs: needs, fresh: fresh)
    }

    static let needs = SlotNeeds(interfaces: 3, rules: 6, services: 1, backends: 1)

    @discardableResult
    func apply(
        _ publication: Publication, check: (DryRunner) throws -> Void = { _ in }
    ) throws -> (dataplane: Dataplane, report: PublicationReport) {
        try Dataplane.apply(publication, to: instance, under: InstanceLock(instance), check: check)
    }

    /// What the next command finds.
    func repaired() throws -> Dataplane? { try Dataplane.open(instance, repairingUnder: InstanceLock(instance)) }

    /// The id of the XDP program on each interface, nil where there is none.
    func running() throws -> [UInt32?] {
        try indices.map { try XDPAttachment(ofInterface: $0).programIDs.first }
    }

    /// Names of everything pinned for the instance, under any of its three directories.
    func directories() throws -> [String] {
        try BPFFilesystem.contents(of: Instance.root).filter { $0.hasPrefix(instance.name) }
    }
}

func withStage(_ body: (Stage) throws -> Void) throws {
    try withNamespace { namespace in
        try withInstanceName { name in
            let indices = try Stage.names.enumerated().map { try namespace.addPair($1, peer: "peer\($0)", ipv6: false) }
            try namespace.run { try body(Stage(namespace: namespace, instance: Instance(name), indices: indices)) }
        }
    }
}

/// A TCP SYN from 198.51.100.1 to 192.0.2.1, ports 40000 and 80, in a frame of 60 bytes.
let syn: [UInt8] = {
    let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
    let ip: [UInt8] = [0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 198, 51, 100, 1, 192, 0, 2, 1]
    let tcp: [UInt8] = [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]
    return ethernet + ip + tcp + [UInt8](repeating: 0, count: 6)
}()

/// `syn` over UDP, port 40000 to 53.
let datagram: [UInt8] = {
    var packet = syn
    packet[14 + 9] = 17
    packet.replaceSubrange(34..<42, with: [0x9c, 0x40, 0, 53, 0, 20, 0, 0])
    return packet
}()
