internal import Yams

/// Reads the YAML documents of one file into ``Node``s.
///
/// Yams is given a text that two of its habits cannot harm:
///
/// - It expands aliases by sharing nodes and hashes whole keys, so that a few lines of nested aliases as a key keep it
///   busy for ever, and it forgets where the alias stood. Therefore each `*` is replaced by a character that means
///   nothing to YAML; a plain scalar that starts with it was an alias, and ``Expansion`` resolves and counts it.
/// - It stops at the first repeated key and does not say where the second one is. ``DuplicateKeys`` gets around that.
struct Composer {
    /// Nodes of one file after expansion; what does not fit is no policy but an attack or an accident.
    static let nodeLimit = 1_000_000
    /// Lines and list items of one file before it is composed at all, since composing costs memory for each.
    static let separatorLimit = 3_000_000

    private let file: SourceFile
    private let aliasMark: Unicode.Scalar
    private let text: String

    /// - Throws: when the text cannot be a policy whatever it says.
    init(_ file: SourceFile) throws(SyntaxError) {
        var text = file.text[...]
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let separators = text.utf8.reduce(0) { count, byte in
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): count + 1
            default: count
            }
        }
        guard separators <= Self.separatorLimit else { throw .tooLarge(file.name) }
        self.file = file
        guard text.utf8.contains(UInt8(ascii: "*")) else {
            aliasMark = "*"
            self.text = String(text)
            return
        }
        let used = Set(text.unicodeScalars.lazy.filter { $0.properties.generalCategory == .privateUse })
        let free = (UInt32(0xE000)...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first { !used.contains($0) }
        guard let free else { throw .tooLarge(file.name) }
        aliasMark = free
        var marked = String.UnicodeScalarView()
        marked.append(contentsOf: text.unicodeScalars.lazy.map { $0 == "*" ? free : $0 })
        self.text = String(marked)
    }

    /// The documents of the file that are not empty, in order; what is wrong inside one goes to `diagnostics`.
    ///
    /// - Throws: where the text is not YAML, so that nothing of it can be read.
    func documents(diagnostics: inout [Diagnostic]) throws(SyntaxError) -> [Node] {
        var keys = DuplicateKeys(text: text)
        while true {
            do {
                return try documents(keys, diagnostics: &diagnostics)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                guard keys.set(aside: context.mark) else {
                    throw .duplicateKey(names.first ?? "", Position(context.mark, file: file.name))
                }
            } catch let error as YamlError {
                throw SyntaxError(error, in: file)
            } catch let error as SyntaxError {
                throw error
            } catch {
                throw SyntaxError(Diagnostic(.error, at: Position(file: file.name), "the YAML cannot be read"))
            }
        }
    }

    private func documents(_ keys: DuplicateKeys, diagnostics: inout [Diagnostic]) throws -> [Node] {
        let parser = try Parser(yaml: keys.text, resolver: .basic, encoding: .utf8)
        var roots: [Yams.Node] = []
        while let root = try parser.nextRoot() { roots.append(root) }
        // Yams' nodes hold their anchors weakly; the parser owns them.
        return try withExtendedLifetime(parser) {
            var budget = Self.nodeLimit
            return try roots.compactMap { root in
                var expansion = Expansion(file: file.name, aliasMark: aliasMark, keys: keys, budget: budget)
                let node = try expansion.node(root)
                budget = expansion.budget
                diagnostics += expansion.diagnostics
                return node.isNull ? nil : node
            }
        }
    }
}

extension Position {
    init(_ mark: Mark, file: String) {
        self.init(file: file, line: mark.line, column: mark.column)
    }
}
