internal import BPF

/// A publication to programs that run: the spare half is written, and packets told to use it.
///
/// New interfaces are attached before, with a program that lets everything through as if it were not there, so that what
/// can fail fails while nothing has changed; they begin to filter with the tables that know them.
struct Update {
    let instance: Instance
    let publication: Publication
    let set: ProgramSet

    init(_ instance: Instance, _ publication: Publication, _ set: ProgramSet) {
        self.instance = instance
        self.publication = publication
        self.set = set
    }

    private var attachments: Attachments { Attachments(of: instance.pinDirectory) }

    func run(_ check: (DryRunner) throws -> Void) throws -> (dataplane: Dataplane, report: PublicationReport) {
        var report = PublicationReport()
        let clients = try prepare(check, &report)
        try commit(&report, clients)
        return (Dataplane(instance, set), report)
    }

    /// Everything that may be refused. Leaves nothing behind on failure.
    private func prepare(
        _ check: (DryRunner) throws -> Void, _ report: inout PublicationReport
    ) throws -> NewClients {
        let half = set.spareHalf
        try attempting("write the tables") {
            try set.settle()
            try set.write(publication, toHalf: half)
        }
        try check(DryRunner(instance, set, half: half))
        var clients = NewClients(publication.clients, SocketAttachments(of: instance.pinDirectory))
        try clients.attach(set, &report)
        do { try NewInterfaces(publication.interfaces, attachments).attach(set, &report) } catch {
            clients.detach()
            throw error
        }
        return clients
    }

    /// Makes what is in the spare half effective.
    func commit(_ report: inout PublicationReport, _ clients: NewClients) throws(DataplaneError) {
        let known = Set(publication.interfaces.map(\.index))
        report.detached += try attempting("publish") {
            try CounterTable(set).clear(publication.fresh)
            try LoadTable(set).clear(publication.fresh.backends)
            set.control.publish(set.spareHalf)
            var detached: [AttachmentPoint] = []
            for point in try attachments.all() {
                if let index = try point.interfaceIndex(), known.contains(index) {
                    try point.update(to: set, as: .filtering)
                } else {
                    detached.append(point)
                }
            }
            try clients.settle(set)
            // The spare half need not be free before the next publish, which sees to it.
            if !detached.isEmpty { try set.settle() }
            for point in detached { try point.detach() }
            return detached.map(\.interfaceName)
        }
    }
}

/// Interfaces that a publication adds.
struct NewInterfaces {
    private let wanted: [Attachment]
    private let attachments: Attachments

    init(_ wanted: [Attachment], _ attachments: Attachments) {
        self.wanted = wanted
        self.attachments = attachments
    }

    /// Attaches them without effect; on failure none stays.
    func attach(_ set: ProgramSet, _ report: inout PublicationReport) throws(DataplaneError) {
        var added: [String] = []
        do {
            for interface in wanted {
                if try attachments.point(onIndex: interface.index) != nil { continue }
                if let warning = try attachments.attach(set, to: interface, as: .waiting) {
                    report.warnings.append(warning)
                }
                added.append(interface.name)
            }
        } catch {
            detach(added)
            throw error as? DataplaneError ?? DataplaneError(.interface, "cannot attach: \(error)")
        }
        report.attached += added
    }

    func detach(_ names: [String]) {
        for name in names { try? attachments.point(for: name).detach() }
    }
}
