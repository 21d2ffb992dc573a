internal import BPF

/// The programs that run where processes of a control group name their sockets' peers, pinned below an instance's
/// `socket` directory: `socket/GROUP/connect4` and so on, the group being its number.
struct SocketAttachments {
    let directory: String

    init(of pinDirectory: String) { directory = "\(pinDirectory)/socket" }

    /// One; two where a command that was to change the group was killed.
    func all() throws(BPFError) -> [SocketAttachmentPoint] {
        var points: [SocketAttachmentPoint] = []
        for name in try BPFFilesystem.contents(of: directory) {
            points.append(SocketAttachmentPoint("\(directory)/\(name)"))
        }
        return points
    }

    func point(on group: UInt64) -> SocketAttachmentPoint { SocketAttachmentPoint("\(directory)/\(group)") }
}

/// One control group's attachments: a directory of pinned links.
struct SocketAttachmentPoint {
    let directory: String

    init(_ directory: String) { self.directory = directory }

    private func path(_ hook: SocketHook) -> String { "\(directory)/\(hook.rawValue)" }

    /// Whether all programs are in their places, and the group is still there.
    func isAttached() throws(BPFError) -> Bool {
        for hook in SocketHook.allCases {
            guard BPFFilesystem.exists(path(hook)) else { return false }
            if try Link(pinnedAt: path(hook)).information().controlGroupID == 0 { return false }
        }
        return true
    }

    /// Answers before questions: no process may be told of a backend whose name nothing turns back.
    func attach(_ set: ProgramSet, to group: borrowing ControlGroup) throws(BPFError) {
        try BPFFilesystem.makeDirectory(directory)
        for hook in SocketHook.allCases.reversed() {
            guard let program = set.socketPrograms[hook] else { continue }
            try Link.attach(program.value, to: group, hook).pin(at: path(hook))
        }
    }

    /// Puts `set`'s programs in the place of those that run. A set without any leaves them.
    func update(to set: ProgramSet) throws(BPFError) {
        guard try isAttached() else { return }
        for hook in SocketHook.allCases.reversed() {
            guard let program = set.socketPrograms[hook] else { continue }
            let link = try Link(pinnedAt: path(hook))
            if try link.information().programID != program.value.information.id {
                try link.update(to: program.value)
            }
        }
    }

    /// Ends everything here at once. Nothing there, or a group that is gone, is fine.
    func detach() throws(BPFError) {
        for hook in SocketHook.allCases where BPFFilesystem.exists(path(hook)) {
            // Unpinning alone ends a link some time later.
            if let link = try? Link(pinnedAt: path(hook)) { try? link.detach() }
            try BPFFilesystem.unpin(path(hook))
        }
        try BPFFilesystem.removeTree(directory)
    }
}

/// The control group that a publication brings services to. Attached before the publication takes effect, so that what
/// can fail fails while nothing has changed; the tables say who meets services.
struct NewClients {
    private let wanted: ClientGroup?
    private let attachments: SocketAttachments
    /// The kernel's number of the group; nil: there is none.
    private var group: UInt64?
    private var isNew = false

    init(_ wanted: ClientGroup?, _ attachments: SocketAttachments) {
        self.wanted = wanted
        self.attachments = attachments
    }

    mutating func attach(_ set: ProgramSet, _ report: inout PublicationReport) throws(DataplaneError) {
        guard let wanted else { return }
        do {
            try attach(set, wanted.name)
        } catch {
            let what = "the node's own processes cannot reach services"
            guard wanted.isRequired else {
                report.warnings.append("\(what): \(error)")
                return
            }
            throw DataplaneError(
                .kernel, what, hint: "`client-cgroup` names their control group as /proc/PID/cgroup does", cause: error)
        }
    }

    private mutating func attach(_ set: ProgramSet, _ name: String) throws(BPFError) {
        guard !set.socketPrograms.isEmpty else {
            throw BPFError("attach to control group \(name)", code: 95, hint: "the kernel has no such programs")
        }
        let group = try ControlGroup(name)
        let point = attachments.point(on: group.id)
        if try point.isAttached() {
            self.group = group.id
            return
        }
        do {
            // What is left of a command that was killed.
            try point.detach()
            try point.attach(set, to: group)
        } catch {
            try? point.detach()
            throw error
        }
        self.group = group.id
        isNew = true
    }

    /// Undoes ``attach``.
    func detach() {
        if let group, isNew { try? attachments.point(on: group).detach() }
    }

    /// Has `set` serve the group, and no other group be served.
    func settle(_ set: ProgramSet) throws(BPFError) {
        let current = group.map { attachments.point(on: $0).directory }
        for point in try attachments.all() {
            if point.directory == current { try point.update(to: set) } else { try point.detach() }
        }
    }
}
