public import BPF

/// The running data plane of an instance. It lives in the kernel; this is a view of it, and ending the view ends nothing.
public final class Dataplane {
    public let instance: Instance

    init(_ instance: Instance) { self.instance = instance }

    /// What runs as `instance`, or nil where nothing does.
    public static func open(_ instance: Instance) throws(DataplaneError) -> Dataplane? { nil }

    /// As `open`, and first finishes or undoes what a killed command left. Changing commands use this.
    public static func open(_ instance: Instance, repairingUnder lock: borrowing InstanceLock)
        throws(DataplaneError) -> Dataplane?
    { nil }

    /// Publishes, as one transaction: loads the programs where need be, writes the image beside the one in use, lets
    /// `check` ask the kernel about it, and makes it effective. A failure before that leaves all as it was.
    ///
    /// What `check` throws is thrown on.
    public static func apply(
        _ publication: Publication, to instance: Instance, under lock: borrowing InstanceLock,
        check: (DryRunner) throws -> Void = { _ in }
    ) throws -> (dataplane: Dataplane, report: PublicationReport) {
        throw DataplaneError(.kernel, "not written")
    }

    /// Detaches and removes everything of `instance`. Returns whether there was anything.
    public static func down(_ instance: Instance, under lock: borrowing InstanceLock) throws(DataplaneError) -> Bool {
        false
    }

    /// The image in use, as bytes of the kernel's memory.
    public func withImage<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    public func counters() throws(DataplaneError) -> CounterSnapshot {
        throw DataplaneError(.kernel, "not written")
    }

    /// Asks about the image in use.
    public func dryRunner() throws(DataplaneError) -> DryRunner { throw DataplaneError(.kernel, "not written") }

    /// Sends `packet` through the real program, as if from the interface with `interfaceIndex` (0: loopback). It counts,
    /// and changes flow tables; it is neither delivered nor sent.
    public func run(_ packet: [UInt8], interfaceIndex: UInt32 = 0, repeating: Int = 1)
        throws(DataplaneError) -> TestRun.Result
    { throw DataplaneError(.kernel, "not written") }

    public func flows() throws(DataplaneError) -> [FlowEntry] { [] }

    public func dropEvents() throws(DataplaneError) -> DropEvents { throw DataplaneError(.kernel, "not written") }

    public func status() throws(DataplaneError) -> DataplaneStatus { throw DataplaneError(.kernel, "not written") }
}
