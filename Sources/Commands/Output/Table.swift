/// Columns of text under a heading, aligned for a fixed-width screen.
struct Table: Sendable {
    var columns: Columns
    var rows: [[Cell]] = []

    init(_ heading: String...) { columns = Columns(heading) }

    mutating func add(_ cells: Cell...) {
        columns.measure(cells)
        rows.append(cells)
    }

    func text(_ style: Style) -> String { columns.heading(style) + rows.map { columns.line($0, style) }.joined() }
}

/// The widths of a table's columns, apart from its rows, for tables of which only a row at a time is at hand.
struct Columns: Sendable {
    private let names: [String]
    private var widths: [Int]
    /// Numbers align at the right, where a column has nothing else.
    private var areNumbers: [Bool]
    private var isEmpty = true

    init(_ names: [String]) {
        self.names = names
        widths = names.map(\.count)
        areNumbers = names.map { _ in true }
    }

    /// Widens the columns so that `cells` fit.
    mutating func measure(_ cells: [Cell]) {
        isEmpty = false
        for (column, cell) in cells.enumerated() {
            widths[column] = max(widths[column], cell.shown.count)
            areNumbers[column] = areNumbers[column] && cell.isNumber
        }
    }

    func heading(_ style: Style) -> String { line(names.map { Cell($0, .bold) }, style) }

    func line(_ cells: [Cell], _ style: Style) -> String {
        var line = ""
        var pendingSpace = 0
        for (column, cell) in cells.enumerated() {
            let text = cell.shown
            let space = widths[column] - text.count
            let isRight = areNumbers[column] && !isEmpty
            let painted = cell.paint.map { style.paint(text, $0) } ?? text
            line += String(repeating: " ", count: pendingSpace + (isRight ? space : 0)) + painted
            pendingSpace = (isRight ? 0 : space) + 2
        }
        return line + "\n"
    }
}

/// One value of a table.
struct Cell: Sendable, ExpressibleByStringLiteral {
    var text: String
    var paint: Style.Paint?
    var isNumber = false

    init(_ text: String, _ paint: Style.Paint? = nil) {
        self.text = text
        self.paint = paint
    }

    init(stringLiteral value: String) { self.init(value) }

    init(_ number: some BinaryInteger) {
        text = String(number)
        isNumber = true
    }

    init(_ number: (some BinaryInteger)?) {
        text = number.map { String($0) } ?? ""
        isNumber = true
    }

    init(_ value: (some CustomStringConvertible)?) { self.init(value?.description ?? "") }

    /// What is missing shows as a dash, so that columns stay countable for `awk`.
    var shown: String { text.isEmpty ? "-" : text }
}
