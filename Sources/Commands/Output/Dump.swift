import Image

/// What `map dump` prints: one table of an image, row by row, since a table may be larger than memory likes to hold as
/// text.
struct Dump {
    var image: Image
    var table: Image.Table

    /// - Parameter output: Takes text in pieces of a convenient size.
    func write(json: Bool, _ style: Style, to output: (String) -> Void) {
        var pending = ""
        let write = { (text: String) in
            pending += text
            guard pending.utf8.count >= 1 << 16 else { return }
            output(pending)
            pending = ""
        }
        if json { writeDocument(write) } else { writeTable(style, write) }
        output(pending)
    }

    private func writeTable(_ style: Style, _ write: (String) -> Void) {
        var columns = Columns(table.columns.map { $0.uppercased().replacing("_", with: " ") })
        image.forEachRow(of: table) { columns.measure($0.map(Cell.init)) }
        write(columns.heading(style))
        image.forEachRow(of: table) { write(columns.line($0.map(Cell.init), style)) }
    }

    /// As a report's document, an entry to the line.
    private func writeDocument(_ write: (String) -> Void) {
        write("{\n  \"map\": \(JSON.string(table.rawValue).line),\n  \"entries\": [")
        var separator = "\n    "
        image.forEachRow(of: table) { row in
            let entry = JSON.object(zip(table.columns, row).map { JSON.Member(key: $0, value: JSON($1)) })
            write(separator + entry.line)
            separator = ",\n    "
        }
        write("\n  ]\n}\n")
    }
}

extension JSON {
    fileprivate init(_ field: Image.Field) {
        switch field {
        case .number(let number): self = .unsigned(number)
        case .text(let text): self = .string(text)
        case .flag(let flag): self = .bool(flag)
        case .list(let texts): self.init(texts: texts)
        case .none: self = .null
        }
    }
}

extension Cell {
    fileprivate init(_ field: Image.Field) {
        switch field {
        case .number(let number): self.init(number)
        case .text(let text): self.init(text)
        case .flag(let flag): self.init(flag ? "yes" : "")
        case .list(let texts): self.init(texts.list)
        case .none: self.init("")
        }
    }
}
