internal import BPF

/// The first publication of an instance.
///
/// All is built beside, under another name; the rename at the end is the moment from which the instance exists. What a
/// kill leaves before it is discarded, after it is finished by ``Recovery``.
struct Start {
    let instance: Instance
    let publication: Publication

    init(_ instance: Instance, _ publication: Publication) {
        self.instance = instance
        self.publication = publication
    }

    func run(_ check: (DryRunner) throws -> Void) throws -> (dataplane: Dataplane, report: PublicationReport) {
        try Requirements.check()
        var report = PublicationReport()
        report.started = true
        let set: ProgramSet
        do {
            set = try build(check, &report)
        } catch {
            _ = try? Removal.remove(instance.nextDirectory)
            throw error
        }
        try attempting("start instance '\(instance)'") {
            // An empty directory in its place is nobody's.
            if BPFFilesystem.exists(instance.pinDirectory) { try BPFFilesystem.removeTree(instance.pinDirectory) }
            try BPFFilesystem.move(instance.nextDirectory, to: instance.pinDirectory)
            for point in try Attachments(of: instance.pinDirectory).all() { try point.update(to: set, as: .filtering) }
        }
        return (Dataplane(instance, set), report)
    }

    private func build(_ check: (DryRunner) throws -> Void, _ report: inout PublicationReport) throws -> ProgramSet {
        let set = try attempting("load the programs") {
            let set = try ProgramSet.load(.fitting(publication, cpus: possibleCPUs())).set
            try set.write(publication, toHalf: set.control.generation)
            return set
        }
        try check(DryRunner(instance, set))
        try attempting("pin the programs") { try set.pin(in: instance.nextDirectory) }
        let attachments = Attachments(of: instance.nextDirectory)
        for interface in publication.interfaces {
            if let warning = try attachments.attach(set, to: interface, as: .waiting) {
                report.warnings.append(warning)
            }
            report.attached.append(interface.name)
        }
        var clients = NewClients(publication.clients, SocketAttachments(of: instance.nextDirectory))
        try clients.attach(set, &report)
        return set
    }
}
