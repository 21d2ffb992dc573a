internal import Glibc

/// A policy file: where it comes from, for messages, and what it says.
public struct SourceFile: Hashable, Sendable {
    /// As the user wrote it; first part of every diagnostic.
    public var name: String
    public var text: String

    /// Larger files are refused before they are read to the end, in bytes.
    public static let sizeLimit = 64 << 20

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file of UTF-8 text; `-` is standard input, named `<stdin>` in messages.
    ///
    /// - Throws: one diagnostic that names the file when it is missing, unreadable, a directory, too large or no UTF-8.
    public init(path: String) throws(InvalidDocument) {
        name = path == "-" ? "<stdin>" : path
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(name, "cannot open the file", errno) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let bytes = try Self.contents(of: descriptor, name: name)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidDocument([
                Diagnostic(
                    .error, at: Self.firstInvalidByte(of: bytes, file: name), "the file is not UTF-8 text",
                    hint: "save it in UTF-8")
            ])
        }
        self.text = text
    }

    private static func contents(of descriptor: Int32, name: String) throws(InvalidDocument) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = 1 << 18
        while true {
            var failure: Int32 = 0
            let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                let result = read(descriptor, buffer.baseAddress, chunk)
                failure = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw Self.failure(name, "cannot read the file", failure) }
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= sizeLimit else {
                throw InvalidDocument([
                    Diagnostic(
                        .error, at: Position(file: name), "the file is larger than \(sizeLimit >> 20) MB",
                        hint: "split it, or check that it is the right file")
                ])
            }
        }
    }

    private static func failure(_ name: String, _ what: String, _ code: Int32) -> InvalidDocument {
        let reason =
            switch code {
            case ENOENT: "there is no such file"
            case EISDIR: "it is a directory"
            case EACCES, EPERM: "permission denied"
            default: String(cString: strerror(code))
            }
        return InvalidDocument([Diagnostic(.error, at: Position(file: name), what, hint: reason)])
    }

    private static func firstInvalidByte(of bytes: [UInt8], file: String) -> Position {
        var position = Position(file: file)
        var parser = Unicode.UTF8.ForwardParser()
        var input = bytes.makeIterator()
        while case .valid(let scalar) = parser.parseScalar(from: &input) {
            if scalar.first == UInt8(ascii: "\n") {
                position.line += 1
                position.column = 1
            } else {
                position.column += 1
            }
        }
        return position
    }
}
