internal import CLibbpf
internal import Glibc

/// The file system in which programs, maps and links outlive the process that made them.
///
/// The kernel allows no dot in the name of a pin or of a directory.
public enum BPFFilesystem {
    public static let path = "/sys/fs/bpf"

    /// Mounts it where it is not mounted yet.
    public static func ensureMounted() throws(BPFError) {
        guard !isMounted else { return }
        guard mount("bpf", path, "bpf", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), "mode=0700") == 0 else {
            throw .last("mount the BPF file system at \(path)")
        }
    }

    public static var isMounted: Bool {
        var information = statfs()
        return statfs(path, &information) == 0 && UInt32(truncatingIfNeeded: information.f_type) == 0xcafe_4a11
    }

    /// Makes `directory` and what leads to it, for root alone.
    public static func makeDirectory(_ directory: String) throws(BPFError) {
        if mkdir(directory, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let parent = parent(of: directory) else { throw .last("make directory \(directory)") }
        try makeDirectory(parent)
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw .last("make directory \(directory)") }
    }

    /// Names in `directory`, sorted; none where there is no such directory.
    public static func contents(of directory: String) throws(BPFError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw .last("read directory \(directory)")
        }
        defer { closedir(stream) }

        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    public static func isDirectory(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Unpins whatever is at `path`. Returns false where nothing is.
    @discardableResult
    public static func unpin(_ path: String) throws(BPFError) -> Bool {
        if unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw .last("unpin \(path)")
    }

    /// Unpins everything below `path`, and `path`. Nothing there is fine.
    public static func removeTree(_ path: String) throws(BPFError) {
        guard isDirectory(path) else {
            try unpin(path)
            return
        }
        for name in try contents(of: path) { try removeTree("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw .last("remove directory \(path)") }
    }

    /// Moves a pin or a directory; nothing may be at `target`.
    public static func move(_ source: String, to target: String) throws(BPFError) {
        try rename(source, target, flags: SLUICE_RENAME_NOREPLACE)
    }

    /// Makes each take the other's name, in one step.
    public static func exchange(_ a: String, _ b: String) throws(BPFError) {
        try rename(a, b, flags: SLUICE_RENAME_EXCHANGE)
    }

    private static func rename(_ source: String, _ target: String, flags: UInt32) throws(BPFError) {
        guard renameat2(AT_FDCWD, source, AT_FDCWD, target, flags) == 0 else {
            throw .last("rename \(source) to \(target)")
        }
    }

    private static func parent(of path: String) -> String? {
        path.lastIndex(of: "/").flatMap { $0 == path.startIndex ? nil : String(path[..<$0]) }
    }
}
