internal import BPF
internal import Glibc

/// The right to change an instance, held by one command at a time until this value ends.
public struct InstanceLock: ~Copyable {
    public let instance: Instance
    private let file: LockFile

    /// Waits up to `patience` for whoever holds the lock, and then says who does.
    public init(_ instance: Instance, patience: Duration = .seconds(10)) throws(DataplaneError) {
        // Said before the lock file says it less clearly.
        try Requirements.checkPrivilege()
        let file = try LockFile("\(instance.name).lock")
        let deadline = ContinuousClock.now + patience
        while !file.tryLock() {
            guard ContinuousClock.now < deadline else {
                throw DataplaneError(
                    .locked, "instance '\(instance)' is being changed by \(file.holder ?? "another command")",
                    hint: "try again when it is done")
            }
            usleep(20_000)
        }
        file.signIn()
        self.instance = instance
        self.file = file
    }
}

/// A file below /run/sluice that commands lock. The kernel releases the lock with its holder, however that ends.
struct LockFile: ~Copyable {
    private let descriptor: Descriptor

    init(_ name: String) throws(DataplaneError) {
        let path = "\(Instance.lockDirectory)/\(name)"
        _ = mkdir(Instance.lockDirectory, 0o700)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let cause = BPFError("open lock file \(path)", code: errno)
            throw DataplaneError(cause.code == EACCES ? .privilege : .kernel, "cannot lock", cause: cause)
        }
        self.descriptor = Descriptor(owning: descriptor)
    }

    borrowing func tryLock() -> Bool { flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 }

    borrowing func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        while flock(descriptor.rawValue, LOCK_EX) != 0 && errno == EINTR {}
        defer { _ = flock(descriptor.rawValue, LOCK_UN) }
        return try body()
    }

    /// Leaves a note for those who wait.
    borrowing func signIn() {
        let note = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor.rawValue, 0) == 0 else { return }
        _ = pwrite(descriptor.rawValue, note, note.count, 0)
    }

    /// `process 4711 (sluice apply web.yaml)`, where the holder left its number and still runs.
    var holder: String? {
        var note = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor.rawValue, &note, note.count, 0)
        let digits = note.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
        guard let process = Int32(String(decoding: digits, as: UTF8.self)) else { return nil }
        let command = Self.commandLine(of: process)
        return command.isEmpty ? "process \(process)" : "process \(process) (\(command))"
    }

    private static func commandLine(of process: Int32) -> String {
        let file = open("/proc/\(process)/cmdline", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(file, &bytes, bytes.count)
        return bytes.prefix(max(0, count)).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: " ")
    }
}
