internal import BPF
internal import Glibc
internal import Policy

/// One interface's attachments: a directory of pinned links. On kernels without tcx the traffic control programs are
/// filters, which the interface itself keeps.
struct AttachmentPoint {
    let directory: String

    init(_ directory: String) { self.directory = directory }

    /// The kernel allows no dot in a pin's name, interfaces do have them.
    static func encode(_ interface: String) -> String {
        interface.replacing("%", with: "%25").replacing(".", with: "%2e")
    }

    var interfaceName: String {
        let name = directory.split(separator: "/").last.map(String.init) ?? directory
        return name.replacing("%2e", with: ".").replacing("%25", with: "%")
    }

    private var ingressPath: String { "\(directory)/ingress" }

    /// The kernel's index; nil where nothing is attached or the interface is gone.
    func interfaceIndex() throws(BPFError) -> UInt32? {
        guard BPFFilesystem.exists(ingressPath) else { return nil }
        let index = try Link(pinnedAt: ingressPath).information().interfaceIndex
        return index == 0 ? nil : index
    }

    /// The id of the XDP program that runs.
    func ingressProgramID() throws(BPFError) -> UInt32? {
        guard BPFFilesystem.exists(ingressPath) else { return nil }
        return try Link(pinnedAt: ingressPath).information().programID
    }

    func attach(
        _ set: ProgramSet, to attachment: Attachment, as role: Attachments.Role
    ) throws(BPFError) -> String? {
        try BPFFilesystem.makeDirectory(directory)
        let program = set.ingress(role)
        var warning: String?
        let link = try attachXDP(program.value, to: attachment, &warning)
        try link.pin(at: ingressPath)
        for hook in TrafficHook.allCases { try attach(set, hook, interfaceIndex: attachment.index) }
        return warning
    }

    /// Native where the driver can; else, and only where the file leaves it open, generic with a warning.
    private func attachXDP(
        _ program: borrowing Program, to attachment: Attachment, _ warning: inout String?
    ) throws(BPFError) -> Link {
        let index = attachment.index
        switch attachment.mode {
        case .native: return try Link.attachXDP(program, interfaceIndex: index, mode: .native)
        case .generic: return try Link.attachXDP(program, interfaceIndex: index, mode: .generic)
        case .auto:
            do { return try Link.attachXDP(program, interfaceIndex: index, mode: .native) } catch {
                guard ![EBUSY, EEXIST, EPERM, ENODEV, ENOMEM].contains(error.code) else { throw error }
                let link = try Link.attachXDP(program, interfaceIndex: index, mode: .generic)
                let reason = BPFError.text(of: error.code)
                warning = "its driver does not run XDP programs (\(reason)): attached in generic mode, which is slower"
                return link
            }
        }
    }

    private func attach(_ set: ProgramSet, _ hook: TrafficHook, interfaceIndex: UInt32) throws(BPFError) {
        let program = set[hook.program]
        if Feature.tcx.isAvailable {
            let link = try Link.attachTCX(program.value, interfaceIndex: interfaceIndex, direction: hook.direction)
            try link.pin(at: "\(directory)/\(hook.pin)")
        } else {
            try hook.filter(interfaceIndex).attach(program.value)
        }
    }

    /// Puts `set`'s programs in the place of those that run, each between two packets.
    func update(to set: ProgramSet, as role: Attachments.Role) throws(BPFError) {
        guard let index = try interfaceIndex() else { return }
        let wanted = set.ingress(role)
        if try ingressProgramID() != wanted.value.information.id {
            try Link(pinnedAt: ingressPath).update(to: wanted.value)
        }
        for hook in TrafficHook.allCases {
            let path = "\(directory)/\(hook.pin)"
            let program = set[hook.program]
            if BPFFilesystem.exists(path) {
                let link = try Link(pinnedAt: path)
                if try link.information().programID != program.value.information.id {
                    try link.update(to: program.value)
                }
            } else {
                try attach(set, hook, interfaceIndex: index)
            }
        }
    }

    /// Ends everything here at once. Nothing there, or an interface that is gone, is fine.
    func detach() throws(BPFError) {
        if let index = try interfaceIndex() {
            for hook in TrafficHook.allCases { try hook.filter(index).detach() }
        }
        for name in try BPFFilesystem.contents(of: directory) {
            // Unpinning alone ends a link some time later.
            let path = "\(directory)/\(name)"
            if let link = try? Link(pinnedAt: path) { try? link.detach() }
            try BPFFilesystem.unpin(path)
        }
        try BPFFilesystem.removeTree(directory)
    }
}

/// The two traffic control programs of an interface.
enum TrafficHook: CaseIterable {
    case egress, resolve

    var program: ProgramSet.ProgramName { self == .egress ? .egress : .resolve }
    var direction: TrafficDirection { self == .egress ? .egress : .ingress }
    var pin: String { self == .egress ? "egress" : "resolve" }

    /// Behind the filters that people usually set, which have low numbers.
    func filter(_ interfaceIndex: UInt32) -> TrafficControlFilter {
        TrafficControlFilter(
            interfaceIndex: interfaceIndex, direction: direction, handle: 0x51, priority: 0xc000)
    }
}

extension ProgramSet {
    func ingress(_ role: Attachments.Role) -> Shared<Program> { self[role == .waiting ? .pass : .ingress] }
}
