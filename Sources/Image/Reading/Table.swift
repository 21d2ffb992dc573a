/// The tables of an image as people ask for them.
extension Image {
    public enum Table: String, Hashable, Sendable, CaseIterable {
        case sections, interfaces, services, backends, slots, frontends, addresses, classes, ports, destinations,
            verdicts

        /// What one row says.
        public var summary: String {
            switch self {
            case .sections: "where the image's parts lie, in lines of 64 bytes"
            case .interfaces: "the interfaces that the data plane knows"
            case .services: "the services, with the sizes of their tables"
            case .backends: "how each backend is reached"
            case .slots: "which backend each slot of a service's table leads to"
            case .frontends: "where addresses and ports meet services"
            case .addresses: "the class of each range of addresses"
            case .classes: "the sets that hold each class's addresses"
            case .ports: "the class of each range of ports"
            case .destinations: "what decides where no service stands"
            case .verdicts: "the rule that decides for each class of sources"
            }
        }

        public var columns: [String] {
            switch self {
            case .sections: ["section", "line", "lines"]
            case .interfaces: ["index", "name", "slot", "mtu", "mac", "next_hop", "decapsulate"]
            case .services:
                [
                    "index", "name", "counter", "forward", "masquerade", "slots", "previous_slots", "drain_end",
                    "backends",
                ]
            case .backends: ["index", "service", "name", "address", "source", "mac", "counter", "tag"]
            case .slots: ["service", "slot", "backend", "previous"]
            case .frontends: ["address", "protocol", "port", "service", "subject", "target"]
            case .addresses: ["first", "last", "class", "own", "vip"]
            case .classes: ["class", "sets"]
            case .ports: ["protocol", "first", "last", "class"]
            case .destinations:
                ["plane", "first_class", "last_class", "first_port_class", "last_port_class", "subject"]
            case .verdicts: ["subject", "first_class", "last_class", "action", "rule"]
            }
        }

        /// What the table is made of.
        var sections: [Section] {
            switch self {
            case .sections: Section.allCases
            case .interfaces: [.interfaces]
            case .services: [.services]
            case .backends: [.backends, .backendIndex]
            case .slots: [.slots]
            case .frontends: [.frontends]
            case .addresses: [.trie4Root, .trie4Blocks, .hosts4, .prefixes6, .lengths6]
            case .classes: [.manifest]
            case .ports: [.protocols]
            case .destinations, .verdicts: [.directories, .pages]
            }
        }
    }

    /// One value of a row.
    public enum Field: Hashable, Sendable {
        case number(UInt64)
        case text(String)
        case flag(Bool)
        case list([String])
        case none

        static func integer(_ value: some BinaryInteger) -> Field { .number(UInt64(value)) }

        static func text(_ value: (some CustomStringConvertible)?) -> Field {
            value.map { .text($0.description) } ?? .none
        }
    }

    /// Bytes of the table's sections; tables may share them.
    public func bytes(of table: Table) -> Int { table.sections.reduce(0) { $0 + layout.byteRange($1).count } }

    /// Decodes a table row by row, each with a field per column.
    public func forEachRow(of table: Table, _ body: ([Field]) -> Void) {
        switch table {
        case .sections: sectionRows(body)
        case .interfaces: interfaceRows(body)
        case .services: serviceRows(body)
        case .backends: backendRows(body)
        case .slots: slotRows(body)
        case .frontends: frontendRows(body)
        case .addresses: addressRows(body)
        case .classes: classRows(body)
        case .ports: portRows(body)
        case .destinations: destinationRows(body)
        case .verdicts: verdictRows(body)
        }
    }

    private func sectionRows(_ body: ([Field]) -> Void) {
        for section in Section.allCases {
            let lines = layout.byteRange(section).count / Line.bytes
            body([.text("\(section)"), .integer(layout.start(section)), .integer(lines)])
        }
    }
}
