internal import CLibbpf

/// The XDP programs of an interface.
public struct XDPAttachment: Sendable, Equatable {
    public var nativeProgramID: UInt32?
    public var genericProgramID: UInt32?
    public var offloadedProgramID: UInt32?

    public var programIDs: [UInt32] { [nativeProgramID, genericProgramID, offloadedProgramID].compactMap(\.self) }

    public init(ofInterface index: UInt32) throws(BPFError) {
        LibbpfLog.silence()
        var options = bpf_xdp_query_opts()
        options.sz = optionsSize(through: \bpf_xdp_query_opts.attach_mode)
        try call("ask for the XDP program of interface \(index)") { bpf_xdp_query(Int32(index), 0, &options) }
        func id(_ value: UInt32) -> UInt32? { value == 0 ? nil : value }
        // With one program the kernel names it and its mode; with several it names each mode's.
        nativeProgramID = id(options.drv_prog_id)
        genericProgramID = id(options.skb_prog_id)
        offloadedProgramID = id(options.hw_prog_id)
    }
}
