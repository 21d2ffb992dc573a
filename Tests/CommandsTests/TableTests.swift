import Testing

@testable import Commands

@Suite struct TableTests {
    private var table: Table {
        var table = Table("NAME", "PACKETS", "STATE")
        table.add("a", .init(5 as UInt64), .init("up", .green))
        table.add("longer", .init(12_345 as UInt64), "")
        return table
    }

    @Test func textAlignsLeftAndNumbersRight() {
        #expect(
            table.text(.plain) == """
                NAME    PACKETS  STATE
                a             5  up
                longer    12345  -

                """)
    }

    @Test func paintDoesNotMoveColumns() {
        let painted = table.text(Style(colour: true))
        #expect(painted.contains("\u{1B}[32mup\u{1B}[0m"))
        #expect(painted.replacing(/\u{1B}\[[0-9]+m/, with: "") == table.text(.plain))
    }
}
