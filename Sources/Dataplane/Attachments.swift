internal import BPF
internal import Glibc
internal import Policy

/// The programs that run on interfaces, pinned below an instance's `link` directory: `link/eth0/ingress` and so on.
struct Attachments {
    /// Which programs of a set run on an interface.
    enum Role {
        /// Lets everything through: attached, and not in effect.
        case waiting
        case filtering
    }

    let directory: String

    init(of pinDirectory: String) { directory = "\(pinDirectory)/link" }

    func all() throws(BPFError) -> [AttachmentPoint] {
        var points: [AttachmentPoint] = []
        for name in try BPFFilesystem.contents(of: directory) { points.append(AttachmentPoint("\(directory)/\(name)")) }
        return points
    }

    func point(for interface: String) -> AttachmentPoint {
        AttachmentPoint("\(directory)/\(AttachmentPoint.encode(interface))")
    }

    /// The point on the interface with the kernel's `index`; nil where there is none, or the interface is gone.
    func point(onIndex index: UInt32) throws(BPFError) -> AttachmentPoint? {
        for point in try all() where try point.interfaceIndex() == index { return point }
        return nil
    }
}

extension Attachments {
    /// Refuses, before anything is changed, what could not be attached: an interface that is not there, that runs
    /// someone else's XDP program, or that would have to change its mode, which cannot be done without a gap.
    func examine(_ wanted: [Attachment]) throws(DataplaneError) {
        for attachment in wanted {
            guard if_nametoindex(attachment.name) == attachment.index, attachment.index != 0 else {
                throw DataplaneError(
                    .interface, "there is no interface \(attachment.name)", hint: "`ip link` lists those there are")
            }
            do {
                if let point = try point(onIndex: attachment.index) {
                    try examine(attachment, attachedAt: point)
                } else {
                    try examineUnattached(attachment)
                }
            } catch let error as BPFError {
                throw DataplaneError("cannot look at interface \(attachment.name)", error)
            } catch let error as DataplaneError {
                throw error
            } catch {
                throw DataplaneError(.kernel, "cannot look at interface \(attachment.name): \(error)")
            }
        }
    }

    private func examine(_ attachment: Attachment, attachedAt point: AttachmentPoint) throws {
        guard let mode = try DataplaneStatus.Mode(ofInterface: attachment.index) else { return }
        switch (attachment.mode, mode) {
        case (.native, .generic), (.generic, .native):
            throw DataplaneError(
                .interface, "interface \(attachment.name) runs in \(mode) mode, and the kernel cannot change that",
                hint: "apply a file without the interface first: until the second apply nothing is filtered there")
        default: break
        }
    }

    private func examineUnattached(_ attachment: Attachment) throws {
        guard let id = try XDPAttachment(ofInterface: attachment.index).programIDs.first else { return }
        let name = (try? Program(id: id).information.name) ?? "unknown"
        throw DataplaneError(
            .foreign, "interface \(attachment.name) already runs XDP program \(id) (\(name)), which is not ours",
            hint: name.hasPrefix("sluice_")
                ? "another instance filters there: remove it first (`sluice down --instance NAME`)"
                : "detach it first (`ip link set dev \(attachment.name) xdp off`, or end what attached it)")
    }

    /// Attaches `set`, in effect or not. Returns a warning where it is slower than it could be.
    func attach(_ set: ProgramSet, to attachment: Attachment, as role: Role) throws(DataplaneError) -> String? {
        let point = point(for: attachment.name)
        do {
            // What is left of an interface of that name that is gone.
            try point.detach()
            let warning = try point.attach(set, to: attachment, as: role)
            return warning.map { "interface \(attachment.name): \($0)" }
        } catch {
            try? point.detach()
            throw DataplaneError(.interface, "cannot attach to interface \(attachment.name)", cause: error)
        }
    }
}
