internal import Net

/// Builds a ``Document`` from the nodes of its files, and collects everything that is wrong on the way.
///
/// Each section has its own file. A part that is wrong is reported and left out, so that one mistake is one message;
/// its name still counts as defined.
struct DocumentReader {
    var document = Document()
    var diagnostics: [Diagnostic] = []
    var nearest = Nearest()

    /// What the one namespace of identities and services holds.
    enum Named { case identity, service }
    var named: [String: (kind: Named, position: Position)] = [:]
    /// In the order of the files, for suggestions.
    var names: [String] = []

    var zoneNames: [String: Position] = [:]
    var interfaceNames: [String: Position] = [:]
    var policyNames: [String: Position] = [:]
    var setDefaults: [String: Position] = [:]
    /// `sources` of services by index, as written.
    var sourceLists: [(service: Int, list: Node)] = []

    // Known when all services and identities are read.
    var servedPorts: [String: [Service.Port]] = [:]
    var carriers = LabelIndex()

    /// Reads documents that may refer to each other.
    mutating func read(_ roots: [Node]) {
        let sections = roots.map { fields($0, .document, at: $0.position) }
        for fields in sections {
            guard let fields else { continue }
            version(fields)
            if let node = fields["zones"] { zones(node) }
        }
        checkZonesAreApart()
        for fields in sections {
            guard let fields else { continue }
            if let node = fields["defaults"] { defaults(node) }
            if let node = fields["interfaces"] { interfaces(node) }
            if let node = fields["identities"] { identities(node) }
            if let node = fields["services"] { services(node) }
        }
        // What refers to names comes when all names are known.
        carriers = LabelIndex(document.identities)
        for service in document.services { servedPorts[service.name] = service.ports }
        sources()
        overlaps()
        for fields in sections {
            guard let fields else { continue }
            if let node = fields["policies"] { policies(node) }
            if let node = fields["tests"] { tests(node) }
        }
    }

    private mutating func version(_ fields: Fields) {
        guard let node = fields["version"], let version = integer(node, "the version") else { return }
        if version != 1 { error(node.position, "version \(version) is not supported", "this program reads version 1") }
    }
}

extension DocumentReader {
    mutating func error(_ position: Position, _ what: String, _ hint: String? = nil) {
        diagnostics.append(Diagnostic(.error, at: position, what, hint: hint))
    }

    mutating func warning(_ position: Position, _ what: String, _ hint: String? = nil) {
        diagnostics.append(Diagnostic(.warning, at: position, what, hint: hint))
    }
}
