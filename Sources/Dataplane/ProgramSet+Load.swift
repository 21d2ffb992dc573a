internal import BPF
internal import DataplaneABI

extension ProgramSet {
    /// Loads the embedded object with room for `capacity`. `predecessor`'s remembered flows and drop events are carried
    /// on; a table whose layout changed starts empty, and is named in `forgotten`.
    static func load(
        _ capacity: Capacity, succeeding predecessor: ProgramSet? = nil
    ) throws(BPFError) -> (set: ProgramSet, forgotten: [MapName]) {
        let filterFile = try open(capacity, dryRun: false)
        let hooks = Feature.socketNames.isAvailable ? SocketHook.allCases : []
        if hooks.isEmpty { try filterFile.leaveOut(Set(SocketHook.allCases.map(\.inObject))) }
        var forgotten: [MapName] = []
        if let predecessor {
            for name in MapName.flows + [.events] where predecessor.mapNames.contains(name) {
                do { try filterFile.reuse(predecessor[name].value, asMap: name.inObject) } catch {
                    forgotten.append(name)
                }
            }
            // A larger one begins anew: loads are known again within an epoch.
            if predecessor.record.capacity.counters == capacity.counters {
                for name in MapName.schedules {
                    if let map = predecessor.map(name) { try filterFile.reuse(map.value, asMap: name.inObject) }
                }
            }
        }
        let filter = try filterFile.load()

        let explainFile = try open(capacity, dryRun: true)
        try explainFile.loadOnly(["sluice_ingress", "sluice_ingress_any", "sluice_translate"])
        var maps: [MapName: Shared<MapHandle>] = [:]
        for name in MapName.shared {
            maps[name] = try Shared(filter.map(name.inObject))
            try explainFile.reuse(filter.map(name.inObject), asMap: name.inObject)
        }
        let explain = try explainFile.load()

        let record = try Record(
            capacity: capacity, traceOffset: explain.variable("trace").offset,
            clockOffset: filter.variable("clock_sample").offset)
        maps[.programs] = try Shared(filter.map("programs"))
        maps[.explainPrograms] = try Shared(explain.map("programs"))
        maps[.trace] = try Shared(explain.map(".bss"))
        maps[.clock] = try Shared(filter.map(".bss"))
        maps[.record] = try Shared(record.store())

        let programs: [ProgramName: Shared<Program>] = try [
            .ingress: Shared(filter.program("sluice_ingress")),
            .egress: Shared(filter.program("sluice_egress")),
            .resolve: Shared(filter.program("sluice_resolve")),
            .pass: Shared(filter.program("sluice_pass")),
            .clock: Shared(filter.program("sluice_clock")),
            .explain: Shared(explain.program("sluice_ingress")),
        ]
        var socketPrograms: [SocketHook: Shared<Program>] = [:]
        for hook in hooks { socketPrograms[hook] = try Shared(filter.program(hook.inObject)) }
        let set = try ProgramSet(record: record, programs: programs, socketPrograms: socketPrograms, maps: maps)
        try set.initialiseControl()
        return (set, forgotten)
    }

    private static func open(_ capacity: Capacity, dryRun: Bool) throws(BPFError) -> ObjectFile {
        let cpus = UInt32(try possibleCPUs())
        let file = try ObjectFile(base64: SluiceObject.base64, name: "sluice")
        let config = capacity.config(
            cpus: cpus, dryRun: dryRun, namespaceCookie: try NetworkNamespace.currentCookie())
        try file.setVariable("config", to: config)
        try file.setValueSize(lineBytes * (Int(config.arena_mask) + 1), ofMap: "arena")
        try file.setValueSize(MemoryLayout<counter>.stride * Int(config.counter_count), ofMap: "counters")
        try file.setValueSize(MemoryLayout<nexthop>.stride * Int(config.nexthop_count), ofMap: "nexthops")
        try file.setMaxEntries(cpus, ofMap: "workspaces")
        try file.setMaxEntries(Capacity.flows(cpus: Int(cpus)), ofMap: "connections")
        try file.setMaxEntries(max(1, config.backend_room), ofMap: "loads")
        try file.setMaxEntries(max(1, config.service_room), ofMap: "positions")
        return file
    }

    private func initialiseControl() throws(BPFError) {
        control.initialise(halfLines: record.halfLines, ticksPerSecond: try KernelClock(self).ticksPerSecond())
    }
}

extension SocketHook {
    fileprivate var inObject: String { "sluice_\(rawValue)" }
}

extension ProgramSet.MapName {
    /// What both instances of the object use. Their workspaces are their own: a dry run may be interrupted by traffic.
    fileprivate static let shared: [Self] =
        [.arena, .control, .counters, .nexthops, .grace, .events] + flows + schedules

    fileprivate var inObject: String { self == .control ? ".data.control" : rawValue }
}
