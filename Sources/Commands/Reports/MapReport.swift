import Image

/// What `map list` tells: which tables there are.
struct MapReport: Report, Equatable {
    struct Row: Equatable, Sendable {
        var name: String
        /// Tables may share memory: these do not add up.
        var bytes: Int
        /// What one entry says.
        var summary: String
    }

    var rows: [Row]
    /// Of all tables together.
    var bytes: Int
    /// How much fits before the programs are replaced by some with more room.
    var capacity: Int

    var json: JSON {
        [
            "maps": .array(rows.map { ["name": .string($0.name), "bytes": JSON($0.bytes)] }),
            "bytes": JSON(bytes),
            "capacity": JSON(capacity),
        ]
    }

    func text(_ style: Style) -> String {
        var table = Table("MAP", "BYTES", "HOLDS")
        for row in rows { table.add(.init(row.name), .init(row.bytes), .init(row.summary)) }
        return table.text(style) + "\n\(bytes) of \(capacity) bytes in use\n"
    }
}

extension MapReport {
    init(_ image: Image, bytes: Int, capacity: Int) {
        self.init(
            rows: Image.Table.allCases.map { table in
                Row(name: table.rawValue, bytes: image.bytes(of: table), summary: table.summary)
            }, bytes: bytes, capacity: capacity)
    }
}
