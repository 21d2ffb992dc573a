internal import CLibbpf

/// A program run on a packet of our own, outside of any traffic. Maps that the program writes are really written.
public struct TestRun: Sendable {
    public var packet: [UInt8]
    /// For XDP: the kernel's index of the interface that the packet seems to come from, in this network namespace. It
    /// must have registered receive queues, as the loopback has not. 0: no interface that could be told from another.
    public var interfaceIndex: UInt32 = 0
    /// For other kinds of programs: the context's bytes, as `struct __sk_buff`.
    public var context: [UInt8] = []
    /// More than 1 measures time. Each run sees what the one before left of the packet.
    public var repetitions = 1
    /// Packets are really sent and delivered, in XDP only. There is no packet to look at afterwards.
    public var liveFrames = false

    public init(packet: [UInt8]) { self.packet = packet }

    public struct Result: Sendable {
        /// The program's; of the last run.
        public var returnValue: UInt32
        public var packet: [UInt8]
        public var context: [UInt8]
        /// Mean of one run.
        public var duration: Duration

        public var action: XDPAction { XDPAction(rawValue: returnValue) }
    }
}

extension Program {
    public func run(_ test: TestRun) throws(BPFError) -> TestRun.Result {
        var context = test.context
        if test.interfaceIndex != 0 {
            var xdp = xdp_md()
            xdp.data_end = UInt32(test.packet.count)
            xdp.ingress_ifindex = test.interfaceIndex
            context = withUnsafeBytes(of: xdp) { Array($0) }
        }
        var options = bpf_test_run_opts()
        options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
        options.repeat = Int32(test.repetitions)
        options.flags = test.liveFrames ? UInt32(BPF_F_TEST_XDP_LIVE_FRAMES) : 0

        // What a program may add at most: headroom in front, and the rest of the page behind.
        let growth = 4096
        let wantsOutput = !test.liveFrames
        var status: Int32 = 0
        var contextAfter = context
        let packet = [UInt8](unsafeUninitializedCapacity: wantsOutput ? test.packet.count + growth : 0) {
            output, count in
            test.packet.withUnsafeBytes { input in
                context.withUnsafeBytes { contextIn in
                    contextAfter.withUnsafeMutableBytes { contextOut in
                        options.data_in = input.baseAddress
                        options.data_size_in = UInt32(input.count)
                        if wantsOutput {
                            options.data_out = UnsafeMutableRawPointer(output.baseAddress)
                            options.data_size_out = UInt32(output.count)
                        }
                        if !contextIn.isEmpty {
                            options.ctx_in = contextIn.baseAddress
                            options.ctx_size_in = UInt32(contextIn.count)
                            if wantsOutput {
                                options.ctx_out = contextOut.baseAddress
                                options.ctx_size_out = UInt32(contextOut.count)
                            }
                        }
                        status = bpf_prog_test_run_opts(descriptor.rawValue, &options)
                    }
                }
            }
            count = status == 0 && wantsOutput ? Int(options.data_size_out) : 0
        }
        try call(
            "run program \(information.name) on a packet of \(test.packet.count) bytes",
            hint: status == -22
                ? "packets need 14 bytes at least, for traffic control a whole IP header too, and must fit a page" : nil
        ) { status }
        return TestRun.Result(
            returnValue: options.retval, packet: packet, context: contextAfter,
            duration: .nanoseconds(Int64(options.duration)))
    }
}
