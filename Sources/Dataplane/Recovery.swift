internal import BPF

/// Brings an instance that a killed command left half changed to the state before or after that change.
///
/// Nothing is written down for this: what is pinned, which program each link runs and which interfaces the image in use
/// is about tell how far the command came.
struct Recovery {
    let instance: Instance

    init(_ instance: Instance) { self.instance = instance }

    func run() throws {
        try Removal.remove(instance.doomedDirectory)
        try settleSuccession()
        try alignInterfaces()
    }

    private func settleSuccession() throws {
        guard BPFFilesystem.exists(instance.nextDirectory) else { return }
        // A set that is not whole is still being built, or already being removed.
        if let old = try? ProgramSet.adopt(instance.pinDirectory),
            let new = try? ProgramSet.adopt(instance.nextDirectory)
        {
            let succession = Succession(instance, from: old, to: new)
            if try succession.hasBegun() {
                try succession.takeInterfaces()
                try succession.finish()
                return
            }
        }
        try Removal.remove(instance.nextDirectory)
    }

    /// Has the interfaces that the image in use is about filter with this set's programs, and no others.
    private func alignInterfaces() throws {
        guard let set = try? ProgramSet.adopt(instance.pinDirectory) else { return }
        let published = try set.publishedInterfaces()
        for point in try Attachments(of: instance.pinDirectory).all() {
            if let index = try point.interfaceIndex(), published.contains(index) {
                try point.update(to: set, as: .filtering)
            } else {
                try set.settle()
                try point.detach()
            }
        }
        let servesClients = try set.publishedClients()
        for point in try SocketAttachments(of: instance.pinDirectory).all() {
            if servesClients { try point.update(to: set) } else { try point.detach() }
        }
    }
}
