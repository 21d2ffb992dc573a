public import BPF
internal import DataplaneABI
internal import Dispatch
public import Image

/// The running data plane of an instance. It lives in the kernel; this is a view of it, and ending the view ends nothing.
public final class Dataplane: Sendable {
    public let instance: Instance
    let set: ProgramSet

    init(_ instance: Instance, _ set: ProgramSet) {
        self.instance = instance
        self.set = set
    }

    /// What was begun under the instance's lock ends before that is given up.
    deinit { set.settling.wait() }

    /// What runs as `instance`, or nil where nothing does. Changes nothing.
    public static func open(_ instance: Instance) throws(DataplaneError) -> Dataplane? {
        try Requirements.checkPrivilege()
        let directory = instance.pinDirectory
        guard BPFFilesystem.isMounted, BPFFilesystem.exists(directory) else { return nil }
        guard let set = try attempting("open instance '\(instance)'", { try ProgramSet.adopt(directory) }) else {
            if let contents = try? BPFFilesystem.contents(of: directory), contents.isEmpty { return nil }
            throw damaged(instance, "\(directory) holds something else than a data plane of this program")
        }
        return Dataplane(instance, set)
    }

    /// As `open`, and first finishes or undoes what a killed command left. Changing commands use this.
    public static func open(_ instance: Instance, repairingUnder lock: borrowing InstanceLock)
        throws(DataplaneError) -> Dataplane?
    {
        precondition(lock.instance == instance, "the lock of another instance")
        guard BPFFilesystem.isMounted else { return nil }
        try Requirements.checkPrivilege()
        try attempting("repair instance '\(instance)'") { try Recovery(instance).run() }
        let dataplane = try open(instance)
        dataplane?.set.beginToSettle()
        return dataplane
    }

    static func damaged(_ instance: Instance, _ what: String) -> DataplaneError {
        DataplaneError(.damaged, what, hint: "`sluice down --instance \(instance)` removes it")
    }

    /// The image in use, as bytes of the kernel's memory.
    public func withImage<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        guard let result = try set.withImage(inHalf: set.control.generation, body) else {
            throw Self.damaged(instance, "instance '\(instance)' holds no image")
        }
        return result
    }

    /// The image in use, to make the next one of. It stays as it is for as long as the instance's lock is held.
    public func imageMemory() throws -> some ImageMemory {
        guard let memory = try set.imageMemory() else {
            throw Self.damaged(instance, "instance '\(instance)' holds no image")
        }
        return memory
    }

    public func counters() throws(DataplaneError) -> CounterSnapshot {
        try attempting("read the counters") { try CounterTable(set).snapshot() }
    }

    /// Asks about the image in use.
    public func dryRunner() throws(DataplaneError) -> DryRunner { try DryRunner(instance, set) }

    /// Sends `packet` through the real program, as if from the interface with `interfaceIndex` (0: loopback). It counts,
    /// and changes flow tables; it is neither delivered nor sent.
    public func run(_ packet: [UInt8], interfaceIndex: UInt32 = 0, repeating: Int = 1)
        throws(DataplaneError) -> TestRun.Result
    {
        var test = TestRun(packet: packet)
        test.interfaceIndex = interfaceIndex
        test.repetitions = repeating
        return try attempting("run the program") { try set[.ingress].value.run(test) }
    }

    /// What is remembered, in no order.
    public func flows() throws(DataplaneError) -> [FlowEntry] {
        try attempting("list flows") { try FlowTables(set).entries() }
    }

    /// How loaded backends are, as schedulers see it.
    public func loads() throws(DataplaneError) -> LoadSnapshot {
        try attempting("read the loads") { try LoadTable(set).snapshot() }
    }

    /// Where backends were last found by the data path, for each CPU that looked.
    public func nextHops() throws(DataplaneError) -> [NextHop] {
        try attempting("list next hops") { try NextHopTable(set).entries() }
    }

    /// What the kernel holds for the instance, by name.
    public func maps() throws(DataplaneError) -> [MapSummary] {
        try attempting("list maps") { try set.mapNames.map { try MapSummary($0, set[$0].value) } }
    }

    public func dropEvents() throws(DataplaneError) -> DropEvents {
        try attempting("read drop events") { try DropEvents(set[.events].value.duplicate()) }
    }

    public func status() throws(DataplaneError) -> DataplaneStatus {
        try attempting("ask for the state of instance '\(instance)'") {
            try DataplaneStatus(
                set, attachments: Attachments(of: instance.pinDirectory),
                sockets: SocketAttachments(of: instance.pinDirectory))
        }
    }
}

/// `LINE_BYTES` as Swift counts.
let lineBytes = Int(LINE_BYTES)
