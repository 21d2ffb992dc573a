/// Reads the files that together are one document, and validates it.
///
/// A file with several YAML documents counts as several files; names resolve across all of them.
///
/// - Throws: every error of all files in one go, with the warnings, in the order of the files and of their text.
public func parse(_ files: [SourceFile]) throws(InvalidDocument) -> (Document, warnings: [Diagnostic]) {
    var reader = DocumentReader()
    var roots: [Node] = []
    for file in files {
        do {
            var documents = try Composer(file).documents(diagnostics: &reader.diagnostics)
            if documents.isEmpty {
                reader.error(Position(file: file.name), "the file is empty", "write version: 1 on top")
            }
            // What is missing from the file is missing at its start, wherever its first key is.
            if !documents.isEmpty { documents[0].position = Position(file: file.name) }
            roots += documents
        } catch {
            reader.diagnostics.append(error.diagnostic)
        }
    }
    reader.read(roots)
    let diagnostics = inOrder(reader.diagnostics, of: files)
    guard diagnostics.allSatisfy({ $0.severity == .warning }) else { throw InvalidDocument(diagnostics) }
    return (reader.document, diagnostics)
}

private func inOrder(_ diagnostics: [Diagnostic], of files: [SourceFile]) -> [Diagnostic] {
    let order = Dictionary(files.enumerated().map { ($1.name, $0) }, uniquingKeysWith: min)
    return diagnostics.enumerated().sorted { left, right in
        let (first, second) = (left.element.position, right.element.position)
        return (order[first.file] ?? 0, first.line, first.column, left.offset)
            < (order[second.file] ?? 0, second.line, second.column, right.offset)
    }.map(\.element)
}
