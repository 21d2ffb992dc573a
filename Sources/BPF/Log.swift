internal import CLibbpf
internal import Glibc
internal import Synchronization

/// What libbpf says. Nothing is printed; failed loads carry what was said in their ``BPFError/log``.
public enum LibbpfLog {
    public enum Level: UInt32, Sendable, Comparable {
        case warning, information, debug

        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// Hands every message of libbpf to `logger`, from any thread. `nil`: to nobody, as at the start.
    public static func setLogger(_ logger: (@Sendable (Level, String) -> Void)?) {
        install
        state.withLock { $0.logger = logger }
    }

    private struct State {
        var logger: (@Sendable (Level, String) -> Void)?
        /// Per thread that captures. libbpf reports on the thread that calls it.
        var captures: [pthread_t: String] = [:]
    }

    private static let state = Mutex(State())

    private static let install: Void = {
        _ = libbpf_set_print { level, format, arguments in
            var text: UnsafeMutablePointer<CChar>?
            guard let format, let arguments, vasprintf(&text, format, arguments) >= 0, let text else { return 0 }
            defer { free(text) }
            LibbpfLog.receive(level.rawValue, String(cString: text))
            return 0
        }
    }()

    private static func receive(_ level: UInt32, _ text: String) {
        let level = Level(rawValue: level) ?? .debug
        let thread = pthread_self()
        let logger = state.withLock { state in
            if level < .debug { state.captures[thread]?.append(text) }
            return state.logger
        }
        logger?(level, text)
    }

    /// Runs `body` and returns what libbpf said on this thread meanwhile, debugging chatter left out.
    static func capture<Result>(_ body: () -> Result) -> (result: Result, log: String) {
        install
        let thread = pthread_self()
        state.withLock { $0.captures[thread] = "" }
        let result = body()
        return (result, state.withLock { $0.captures.removeValue(forKey: thread) } ?? "")
    }

    /// Keeps libbpf from printing by itself. Called before anything that may make it talk.
    static func silence() { install }
}
