internal import CLibbpf
internal import Glibc

/// A traffic control program's place on an interface, the way before tcx: a filter of the `clsact` queueing discipline.
///
/// It is not a link: it belongs to the interface, and stays until it is detached or the interface is gone.
public struct TrafficControlFilter: Hashable, Sendable {
    public var interfaceIndex: UInt32
    public var direction: TrafficDirection
    /// With the priority, the filter's name among the others of the interface.
    public var handle: UInt32
    public var priority: UInt32

    public init(interfaceIndex: UInt32, direction: TrafficDirection, handle: UInt32, priority: UInt32) {
        self.interfaceIndex = interfaceIndex
        self.direction = direction
        self.handle = handle
        self.priority = priority
    }

    /// Attaches `program`, in the place of the one that the filter runs, if it is there; makes the queueing discipline
    /// where there is none.
    public func attach(_ program: borrowing Program) throws(BPFError) {
        LibbpfLog.silence()
        var hook = self.hook
        let created = bpf_tc_hook_create(&hook)
        if created != -EEXIST {
            try call("make the clsact queueing discipline of interface \(interfaceIndex)") { created }
        }
        var options = self.options
        options.prog_fd = program.descriptor.rawValue
        options.flags = UInt32(BPF_TC_F_REPLACE.rawValue)
        try call("attach program \(program.information.name) to interface \(interfaceIndex), \(direction)") {
            bpf_tc_attach(&hook, &options)
        }
    }

    /// The id of the program that the filter runs; nil where there is no such filter.
    public func programID() throws(BPFError) -> UInt32? {
        LibbpfLog.silence()
        var hook = self.hook
        var options = self.options
        let result = bpf_tc_query(&hook, &options)
        // No filter, no queueing discipline, or no interface.
        if result == -ENOENT || result == -EINVAL || result == -ENODEV { return nil }
        try call("ask for the filter of interface \(interfaceIndex)") { result }
        return options.prog_id
    }

    /// Removes the filter; the queueing discipline stays, for it may be someone else's. No such filter is fine.
    public func detach() throws(BPFError) {
        guard try programID() != nil else { return }
        var hook = self.hook
        var options = self.options
        try call("detach the filter of interface \(interfaceIndex)") { bpf_tc_detach(&hook, &options) }
    }

    private var hook: bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = optionsSize(through: \bpf_tc_hook.parent)
        hook.ifindex = Int32(interfaceIndex)
        hook.attach_point = direction == .ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS
        return hook
    }

    private var options: bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = optionsSize(through: \bpf_tc_opts.priority)
        options.handle = handle
        options.priority = priority
        return options
    }
}
