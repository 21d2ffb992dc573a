import Policy

/// The files that a command was given, and what they say together.
struct Input {
    var sources: [SourceFile]
    var document: Document

    /// Reads and validates; warnings go to standard error.
    ///
    /// - Throws: ``InvalidDocument`` with what is wrong, unreadable files included.
    init(_ arguments: FileArguments, _ environment: Environment) throws {
        try self.init(paths: arguments.files, environment)
    }

    init(paths: [String], _ environment: Environment) throws {
        sources = []
        var unreadable: [Diagnostic] = []
        for path in paths {
            do {
                sources.append(try SourceFile(path: path))
            } catch {
                unreadable += error.diagnostics
            }
        }
        guard unreadable.isEmpty else { throw InvalidDocument(unreadable) }
        let (document, warnings) = try parse(sources)
        self.document = document
        environment.show(warnings)
    }
}
