internal import BPF

/// A publication that needs other programs or larger tables: a new set is built beside, takes over the interfaces while
/// it gives the same verdicts as the old one, and then publishes like any other.
struct Reload {
    let instance: Instance
    let publication: Publication
    let old: ProgramSet

    init(_ instance: Instance, _ publication: Publication, from old: ProgramSet) {
        self.instance = instance
        self.publication = publication
        self.old = old
    }

    func run(
        because reason: String, _ check: (DryRunner) throws -> Void
    ) throws -> (dataplane: Dataplane, report: PublicationReport) {
        try Requirements.check()
        var report = PublicationReport()
        report.reloaded = reason
        let attachments = Attachments(of: instance.pinDirectory)
        let newcomers = NewInterfaces(publication.interfaces, attachments)
        var clients = NewClients(publication.clients, SocketAttachments(of: instance.pinDirectory))
        let new: ProgramSet
        do {
            new = try build(check, &report)
            try clients.attach(new, &report)
            try newcomers.attach(new, &report)
        } catch {
            clients.detach()
            _ = try? Removal.remove(instance.nextDirectory)
            throw error
        }
        let succession = Succession(instance, from: old, to: new)
        do { try attempting("hand over to the new programs") { try succession.takeInterfaces() } } catch {
            try? succession.giveInterfacesBack()
            newcomers.detach(report.attached)
            clients.detach()
            _ = try? Removal.remove(instance.nextDirectory)
            throw error
        }
        try attempting("hand over to the new programs") { try succession.finish() }
        try Update(instance, publication, new).commit(&report, clients)
        return (Dataplane(instance, new), report)
    }

    /// The new set, with the image in use in the half it begins with and the new image, checked, in the other.
    private func build(_ check: (DryRunner) throws -> Void, _ report: inout PublicationReport) throws -> ProgramSet {
        let (set, forgotten) = try attempting("load the programs") {
            try ProgramSet.load(
                .fitting(publication, cpus: possibleCPUs(), growing: old.record.capacity), succeeding: old)
        }
        for table in forgotten {
            report.warnings.append("what '\(table.rawValue)' remembered is lost: its layout changed")
        }
        try attempting("write the tables") {
            // The image in use; the new one where the new programs could not read that: then each interface changes to
            // it as it is taken over.
            if old.record.imageVersion == Record.imageVersion {
                try set.copyImage(of: old, toHalf: set.control.generation)
            } else {
                try set.write(publication, toHalf: set.control.generation)
            }
            try set.write(publication, toHalf: set.spareHalf)
        }
        try check(DryRunner(instance, set, half: set.spareHalf))
        try attempting("pin the programs") { try set.pin(in: instance.nextDirectory) }
        return set
    }
}

/// The handing over of an instance from one set of programs to the next, pinned beside it. Every step can be done again.
struct Succession {
    let instance: Instance
    let old: ProgramSet
    let new: ProgramSet

    init(_ instance: Instance, from old: ProgramSet, to new: ProgramSet) {
        self.instance = instance
        self.old = old
        self.new = new
    }

    /// Puts the new programs on every interface, one after the other.
    func takeInterfaces() throws { try update(to: new) }

    func giveInterfacesBack() throws { try update(to: old) }

    private func update(to set: ProgramSet) throws {
        let published = try old.publishedInterfaces()
        for directory in [instance.pinDirectory, instance.nextDirectory] {
            for point in try Attachments(of: directory).all() {
                guard let index = try point.interfaceIndex() else { continue }
                try point.update(to: set, as: published.contains(index) ? .filtering : .waiting)
            }
            for point in try SocketAttachments(of: directory).all() { try point.update(to: set) }
        }
    }

    /// Takes over the counts, then the name. From here on the old set is not needed.
    func finish() throws {
        try new.waitForGracePeriod()
        try CounterTable(new).carry(CounterTable(old).snapshot())
        for (links, target) in zip(Self.links(in: instance.pinDirectory), Self.links(in: instance.nextDirectory))
        where BPFFilesystem.exists(links) {
            try BPFFilesystem.move(links, to: target)
        }
        try BPFFilesystem.exchange(instance.nextDirectory, instance.pinDirectory)
        try BPFFilesystem.removeTree(instance.nextDirectory)
    }

    /// Whether the new programs have begun to take over. Asked of what a killed command left.
    func hasBegun() throws -> Bool {
        let links = [instance.pinDirectory, instance.nextDirectory].map(Attachments.init(of:))
        let successor = new[.ingress].value.information.id
        for attachments in links {
            for point in try attachments.all() where try point.ingressProgramID() == successor { return true }
        }
        // Links have moved: only the name was missing. Without interfaces nothing else shows it.
        return zip(Self.links(in: instance.pinDirectory), Self.links(in: instance.nextDirectory)).contains {
            !BPFFilesystem.exists($0) && BPFFilesystem.exists($1)
        }
    }

    /// The directories that hold links.
    private static func links(in pinDirectory: String) -> [String] {
        [Attachments(of: pinDirectory).directory, SocketAttachments(of: pinDirectory).directory]
    }
}
