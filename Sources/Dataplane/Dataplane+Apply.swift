internal import BPF

extension Dataplane {
    /// Publishes, as one transaction: loads the programs where need be, writes the image beside the one in use, lets
    /// `check` ask the kernel about it, and makes it effective. A failure before that leaves all as it was.
    ///
    /// What `check` throws is thrown on.
    ///
    /// - Parameter running: What runs, where that was opened under the lock before.
    public static func apply(
        _ publication: Publication, to instance: Instance, over running: Dataplane? = nil,
        under lock: borrowing InstanceLock, check: (DryRunner) throws -> Void = { _ in }
    ) throws -> (dataplane: Dataplane, report: PublicationReport) {
        try Requirements.checkPrivilege()
        try attempting("mount the BPF file system") {
            try BPFFilesystem.ensureMounted()
            try BPFFilesystem.makeDirectory(Instance.root)
        }
        let running = try running ?? open(instance, repairingUnder: lock)
        try Attachments(of: instance.pinDirectory).examine(publication.interfaces)
        let warning = RouteLookups.enable()
        var result = try publish(publication, as: instance, over: running, check)
        if let warning { result.report.warnings.append(warning) }
        return result
    }

    private static func publish(
        _ publication: Publication, as instance: Instance, over running: Dataplane?,
        _ check: (DryRunner) throws -> Void
    ) throws -> (dataplane: Dataplane, report: PublicationReport) {
        guard let running else { return try Start(instance, publication).run(check) }
        try running.refuseOtherNamespace()
        if let reason = running.reasonToReload(for: publication) {
            return try Reload(instance, publication, from: running.set).run(because: reason, check)
        }
        return try Update(instance, publication, running.set).run(check)
    }

    /// Interfaces are known by number, and numbers mean something in one network namespace only.
    private func refuseOtherNamespace() throws(DataplaneError) {
        guard set.record.networkNamespace == Record.currentNetworkNamespace() else {
            throw DataplaneError(
                .usage, "instance '\(instance)' runs in another network namespace",
                hint: "enter that one, or choose another --instance")
        }
    }

    private func reasonToReload(for publication: Publication) -> String? {
        if !set.record.isOfThisVersion { return "the running programs are of another version" }
        if !set.record.capacity.holds(publication) { return "the tables outgrew their room" }
        return nil
    }

    /// Detaches and removes everything of `instance`. Returns whether there was anything.
    public static func down(_ instance: Instance, under lock: borrowing InstanceLock) throws(DataplaneError) -> Bool {
        precondition(lock.instance == instance, "the lock of another instance")
        try Requirements.checkPrivilege()
        guard BPFFilesystem.isMounted else { return false }
        return try attempting("remove instance '\(instance)'") {
            var found = false
            // The successor first: while the instance itself is there, whatever is left can be removed again.
            for directory in [instance.nextDirectory, instance.doomedDirectory] {
                found = try Removal.remove(directory) || found
            }
            guard BPFFilesystem.exists(instance.pinDirectory) else { return found }
            // In one step, so that a killed `down` leaves nothing that looks alive.
            try BPFFilesystem.move(instance.pinDirectory, to: instance.doomedDirectory)
            try Removal.remove(instance.doomedDirectory)
            return true
        }
    }
}

/// Taking down what is pinned.
enum Removal {
    /// Detaches what is attached below `directory`, and removes it. Returns false where nothing is there.
    @discardableResult
    static func remove(_ directory: String) throws(BPFError) -> Bool {
        guard BPFFilesystem.exists(directory) else { return false }
        for point in try Attachments(of: directory).all() { try point.detach() }
        for point in try SocketAttachments(of: directory).all() { try point.detach() }
        try BPFFilesystem.removeTree(directory)
        return true
    }
}
