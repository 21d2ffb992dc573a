internal import DataplaneABI
internal import Plan
internal import Policy

/// Everything a generation consists of, as the data path reads it (`bpf/abi/image.h`), and what it was made from.
///
/// An image is a value: the same published state gives the same bytes on every machine. The slots of the services, by
/// far the largest part, stay in the state's own arrays until ``write(to:)`` puts them where they belong.
public struct Image: Sendable {
    public let published: PublishedState
    let policy: PolicyTables
    let interfaces: InterfaceTable
    let services: ServiceTables
    let layout: Layout
    /// The first lines, without which nothing else is found.
    let head: [UInt32]
    let manifest: [UInt8]
    /// Of `policy`.
    let policyChecksum: UInt64
    /// Slots that `published` lacks.
    let unread: UnreadSlots?

    /// What an image asks of the maps around it.
    public struct Needs: Equatable, Sendable {
        /// Of 64 bytes each.
        public var lines: Int
        /// Counter slots, which count from 0: one more than the highest in use.
        public var ruleSlots: Int
        public var serviceSlots: Int
        public var backendSlots: Int
    }

    public var needs: Needs {
        let state = published.state
        func room(_ slots: some Sequence<UInt32>) -> Int { slots.max().map { Int($0) + 1 } ?? 0 }
        return Needs(
            lines: layout.lineCount, ruleSlots: max(room(state.rules.lazy.map(\.slot)), 1),
            serviceSlots: room(state.services.lazy.map(\.slot)),
            backendSlots: room(state.services.lazy.flatMap(\.backends).map(\.slot)))
    }

    /// Compiles a state.
    ///
    /// - Parameter previous: an image whose tables are taken over where nothing they are made from has changed. Slots
    ///   that it has not read are taken over in any case.
    public static func compile(
        _ published: PublishedState, reusing previous: Image? = nil
    ) throws(ImageError) -> Image {
        let state = published.state
        let unread = previous?.unread
        if unread != nil, let previous {
            guard previous.published.state.services.elementsEqual(state.services, by: { $0.name == $1.name }) else {
                throw .inconsistent("the slots of other services are wanted than were published")
            }
        }
        if let previous, PolicyTables.agree(previous.published.state, state) {
            return try Image(published, unread, policy: previous.policy, policyChecksum: previous.policyChecksum)
        }
        let policy = try PolicyTables(state)
        return try Image(published, unread, policy: policy, policyChecksum: policy.checksum)
    }

    private init(
        _ published: PublishedState, _ unread: UnreadSlots?, policy: PolicyTables, policyChecksum: UInt64
    ) throws(ImageError) {
        let state = published.state
        let interfaces = try InterfaceTable(state.interfaces)
        let backendCount = state.services.reduce(0) { $0 + $1.backends.count }
        let highestSlot = state.services.lazy.flatMap(\.backends).map(\.slot).max()
        let indexLines = Line.count(words: highestSlot.map { Int($0) + 1 } ?? 0)
        let entries = ServiceEntries(state)
        let entryCount = state.services.count + entries.variants.count
        let quic = QUICTables(state.services)
        let firstQUICLine = Layout.headLines + Line.count(words: interfaces.words.count) + 2 * entryCount
        let shapes = state.services.enumerated().map { unread?.shape(of: $0) ?? SlotShape($1.slots) }
        let services = try ServiceTables(
            state.services, shapes, entries, zonesBase: policy.zonesBase, quic, firstQUICLine: firstQUICLine,
            firstSlotsLine: firstQUICLine + quic.lines + backendCount + indexLines,
            nodeAddresses: state.nodeAddresses)
        var writer = ManifestWriter()
        published.write(to: &writer)
        let body = writer.bytes
        let layout = Layout { section in
            switch section {
            case .head: Layout.headLines
            case .interfaces: Line.count(words: interfaces.words.count)
            case .services: Line.count(words: services.services.count)
            case .details: Line.count(words: services.details.count)
            case .backends: Line.count(words: services.backends.count)
            case .backendIndex: Line.count(words: services.backendIndex.count)
            case .slots:
                shapes.reduce(0) { $0 + $1.lines }
                    + entries.ownSlots(state).reduce(0) { $0 + SlotShape($1).lines }
            case .sequences: Line.count(words: services.sequences.count)
            case .manifest: (Manifest.headerBytes + body.count + Line.bytes - 1) / Line.bytes
            default: Line.count(words: policy.words(section).count)
            }
        }
        guard layout.lineCount <= Int(Int32.max) else { throw .tooLarge(what: "the tables") }
        self.published = published
        self.policy = policy
        self.policyChecksum = policyChecksum
        self.unread = unread
        self.interfaces = interfaces
        self.services = services
        self.layout = layout
        head = Self.head(
            layout, policy: policy, interfaces: interfaces, services: services, clients: state.servedClients,
            flows: state.flows, translates: state.services.contains { $0.forward == .nat },
            manifestBytes: Manifest.headerBytes + body.count)
        manifest = Manifest.seal(
            body, checksum: Self.checksum(policyChecksum, head: head, interfaces: interfaces, services: services))
    }

    /// For ``init(reading:)``.
    init(
        published: PublishedState, policy: PolicyTables, interfaces: InterfaceTable, services: ServiceTables,
        layout: Layout, head: [UInt32], manifest: [UInt8], policyChecksum: UInt64, unread: UnreadSlots?
    ) {
        self.published = published
        self.policy = policy
        self.interfaces = interfaces
        self.services = services
        self.layout = layout
        self.head = head
        self.manifest = manifest
        self.policyChecksum = policyChecksum
        self.unread = unread
    }

    /// In the order of the checksum, behind ``PolicyTables/sections``.
    static let sectionsBesidePolicy: [Section] = [
        .head, .interfaces, .services, .details, .backends, .backendIndex, .sequences,
    ]

    /// Of everything but the slots, which are checked one by one when they are read.
    static func checksum(
        _ policy: UInt64, head: [UInt32], interfaces: InterfaceTable, services: ServiceTables
    ) -> UInt64 {
        [
            head, interfaces.words, services.services, services.details, services.backends, services.backendIndex,
            services.sequences,
        ].reduce(policy) { hash($1, into: $0) }
    }

    private static func head(
        _ layout: Layout, policy: PolicyTables, interfaces: InterfaceTable, services: ServiceTables,
        clients: Clients, flows settings: FlowSettings, translates: Bool, manifestBytes: Int
    ) -> [UInt32] {
        func line(_ section: Section) -> UInt32 { UInt32(layout.start(section)) }
        var head = image_head()
        head.magic = IMAGE_MAGIC
        head.interfaces_line = line(.interfaces)
        head.interface_multiplier = interfaces.multiplier
        head.interface_bits = interfaces.bits
        head.frontends_line = line(.frontends)
        head.frontends_mask = policy.frontends.mask
        head.services_line = line(.services)
        head.backends_line = line(.backends)
        head.trie4_root_line = line(.trie4Root)
        head.trie4_blocks_line = line(.trie4Blocks)
        head.hosts4_line = line(.hosts4)
        head.hosts4_mask = policy.addresses.hosts4Mask
        head.prefixes6_line = line(.prefixes6)
        head.prefixes6_mask = policy.addresses.prefixes6Mask
        head.directories_line = line(.directories)
        head.pages_line = line(.pages)
        var tail = image_tail()
        tail.version = UInt16(IMAGE_VERSION)
        tail.lines = UInt32(layout.lineCount)
        tail.lengths6_line = line(.lengths6)
        tail.lengths6_count = UInt32(policy.addresses.lengths6Count)
        tail.class6_default = policy.addresses.class6Default
        tail.protocols_line = line(.protocols)
        tail.node_base = policy.nodeBase
        tail.transit_base = policy.transitBase
        tail.wide_base = policy.wideBase
        tail.backend_index_line = line(.backendIndex)
        tail.backend_index_count = UInt32(services.backendIndex.count)
        tail.details_line = line(.details)
        tail.flags = translates ? UInt8(IMAGE_TRANSLATES) : 0
        tail.manifest_line = line(.manifest)
        tail.manifest_bytes = UInt32(manifestBytes)
        tail.service_count = UInt32(services.services.count / Line.words)
        tail.backend_count = UInt32(services.backends.count / Line.words)
        tail.clients = UInt8(clients.abi)
        var flows = image_flows()
        flows.idle_tcp = UInt32(clamping: settings.idleTCP)
        flows.idle_udp = UInt32(clamping: settings.idleUDP)
        flows.idle_sctp = UInt32(clamping: settings.idleSCTP)
        flows.new_flows = UInt32(clamping: settings.newFlows ?? 0)
        flows.sequences_line = line(.sequences)
        var words: [UInt32] = []
        words.append(bytesOf: head)
        words.append(bytesOf: tail)
        words.append(bytesOf: flows)
        return words
    }
}

extension Clients {
    fileprivate var abi: Int32 {
        switch self {
        case .none: CLIENTS_NONE
        case .node: CLIENTS_NODE
        case .all: CLIENTS_ALL
        }
    }
}
