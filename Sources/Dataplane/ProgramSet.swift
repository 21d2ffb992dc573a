internal import BPF
internal import DataplaneABI
internal import Dispatch

/// The programs of one version with their maps: made by loading, or adopted from where they are pinned.
///
/// Two instances of the object share all tables: one filters; the other, loaded with `dry_run`, explains.
struct ProgramSet: Sendable {
    /// Pinned as `prog/…`.
    enum ProgramName: String, CaseIterable {
        case ingress, egress, resolve
        /// Lets everything through: what a new interface runs until its tables are in use.
        case pass
        case clock
        /// Ingress of the explaining instance.
        case explain
    }

    /// Pinned as `map/…`.
    enum MapName: String, CaseIterable {
        case arena, control, counters, nexthops, grace, events
        case tracked, inbound, connections, fragments, translations
        case socketPeer = "socket_peer"
        case socketPeers = "socket_peers"
        /// What schedulers go by: the load of each backend, and how many flows each service has placed.
        case loads, positions
        /// Targets of tail calls. The kernel empties such a map when nobody holds or pins it.
        case programs
        case explainPrograms = "explain_programs"
        /// `.bss` of the explaining instance.
        case trace
        /// `.bss` of the filtering instance.
        case clock
        case record

        /// Tables that packets fill, and that outlive a version of the programs.
        static let flows: [MapName] = [
            .tracked, .inbound, .connections, .fragments, .translations, .socketPeer, .socketPeers,
        ]
        /// Those that sets of an earlier version lack.
        static let later: Set<MapName> = [.translations, .socketPeer, .socketPeers, .loads, .positions]
        /// As large as there are counters of services and backends.
        static let schedules: [MapName] = [.loads, .positions]
    }

    let record: Record
    let control: Control
    /// A grace period that is being waited for.
    let settling = DispatchGroup()
    private let programs: [ProgramName: Shared<Program>]
    /// All or none: kernels can be built without them, and sets of an earlier version lack them.
    let socketPrograms: [SocketHook: Shared<Program>]
    private let maps: [MapName: Shared<MapHandle>]

    /// `programs` has every name, `maps` all but those that came later.
    init(
        record: Record, programs: [ProgramName: Shared<Program>], socketPrograms: [SocketHook: Shared<Program>],
        maps: [MapName: Shared<MapHandle>]
    ) throws(BPFError) {
        self.record = record
        self.programs = programs
        self.socketPrograms = socketPrograms
        self.maps = maps
        guard let control = maps[.control] else { throw BPFError("open map control", code: 2) }
        self.control = try Control(control.value)
    }

    subscript(name: ProgramName) -> Shared<Program> {
        guard let program = programs[name] else { preconditionFailure("a set without program \(name)") }
        return program
    }

    /// Those that it has.
    var mapNames: [MapName] { MapName.allCases.filter { maps[$0] != nil } }

    subscript(name: MapName) -> Shared<MapHandle> {
        guard let map = maps[name] else { preconditionFailure("a set without map \(name)") }
        return map
    }

    /// As the subscript, where an earlier version may not have it.
    func map(_ name: MapName) -> Shared<MapHandle>? { maps[name] }

    var counterLayout: CounterLayout { record.capacity.counters }
}

/// A handle with several owners.
final class Shared<Handle: ~Copyable & Sendable>: Sendable {
    let value: Handle

    init(_ value: consuming Handle) { self.value = value }
}

extension ProgramSet {
    /// Everything pinned in `directory`. Nil where it holds no whole set: no record, or none that this version reads.
    static func adopt(_ directory: String) throws(BPFError) -> ProgramSet? {
        // A reload may put another set in place between two of the pins; then the record is another one at the end.
        var set = try adoptOnce(directory)
        while let found = set, let now = try? MapHandle(pinnedAt: path(.record, in: directory)),
            now.information.id != found[.record].value.information.id
        {
            set = try adoptOnce(directory)
        }
        return set
    }

    private static func adoptOnce(_ directory: String) throws(BPFError) -> ProgramSet? {
        guard BPFFilesystem.exists(path(.record, in: directory)) else { return nil }
        guard let record = try Record.load(MapHandle(pinnedAt: path(.record, in: directory))) else { return nil }

        var programs: [ProgramName: Shared<Program>] = [:]
        for name in ProgramName.allCases {
            programs[name] = try Shared(Program(pinnedAt: path(name, in: directory)))
        }
        var socketPrograms: [SocketHook: Shared<Program>] = [:]
        for hook in SocketHook.allCases where BPFFilesystem.exists(path(hook, in: directory)) {
            socketPrograms[hook] = try Shared(Program(pinnedAt: path(hook, in: directory)))
        }
        var maps: [MapName: Shared<MapHandle>] = [:]
        for name in MapName.allCases {
            if MapName.later.contains(name), !BPFFilesystem.exists(path(name, in: directory)) { continue }
            maps[name] = try Shared(MapHandle(pinnedAt: path(name, in: directory)))
        }
        return try ProgramSet(record: record, programs: programs, socketPrograms: socketPrograms, maps: maps)
    }

    /// Pins everything in `directory`, the record last.
    func pin(in directory: String) throws(BPFError) {
        try BPFFilesystem.makeDirectory("\(directory)/prog")
        try BPFFilesystem.makeDirectory("\(directory)/map")
        for name in ProgramName.allCases { try self[name].value.pin(at: Self.path(name, in: directory)) }
        for (hook, program) in socketPrograms { try program.value.pin(at: Self.path(hook, in: directory)) }
        for name in mapNames where name != .record {
            try self[name].value.pin(at: Self.path(name, in: directory))
        }
        try self[.record].value.pin(at: Self.path(.record, in: directory))
    }

    private static func path(_ name: ProgramName, in directory: String) -> String {
        "\(directory)/prog/\(name.rawValue)"
    }

    private static func path(_ hook: SocketHook, in directory: String) -> String {
        "\(directory)/prog/\(hook.rawValue)"
    }

    private static func path(_ name: MapName, in directory: String) -> String { "\(directory)/map/\(name.rawValue)" }
}
