import Foundation
import Image
import Net
import Plan
import Policy
import Testing

@testable import Commands

/// Tables read back from an image's bytes, as `map dump` shows what the kernel holds.
@Suite struct DumpTests {
    private func image() throws -> Image {
        let text = try packageFile("Tests/CommandsTests/Fixtures/dump.yaml")
        let source = SourceFile(name: "dump.yaml", text: text)
        let link = NodeFacts.Link(
            name: "eth0", index: 7, mtu: 1500, mac: MACAddress("02:00:00:00:00:0a"),
            addresses: [.v4(IPv4Address(0xC000_0201))])
        let state = try compile(parse([source]).0, facts: NodeFacts(links: [link]))
        let bytes = try Image.compile(PublishedState(state: state, sources: [source])).bytes
        return try bytes.withUnsafeBytes { try Image(reading: $0) }
    }

    private func text(_ image: Image, _ table: Image.Table, json: Bool) -> String {
        var text = ""
        Dump(image: image, table: table).write(json: json, .plain) { text += $0 }
        return text
    }

    /// Other tables hold numbers that the compiler is free to choose.
    @Test(arguments: [Image.Table.interfaces, .classes]) func tablesReadAsPromised(_ table: Image.Table) throws {
        let image = try image()
        try expectGolden(text(image, table, json: false), "maps/\(table.rawValue).txt")
        try expectGolden(text(image, table, json: true), "maps/\(table.rawValue).json")
    }

    @Test(arguments: Image.Table.allCases) func linesAndEntriesAreAsManyAsRows(_ table: Image.Table) throws {
        let image = try image()
        var rows = 0
        image.forEachRow(of: table) { _ in rows += 1 }
        #expect(rows > 0)
        #expect(text(image, table, json: false).split(separator: "\n").count == rows + 1)
        let document = try JSONSerialization.jsonObject(with: Data(text(image, table, json: true).utf8))
        let object = try #require(document as? [String: Any])
        #expect(object["map"] as? String == table.rawValue)
        let entries = try #require(object["entries"] as? [[String: Any]])
        #expect(entries.count == rows)
        #expect(entries.allSatisfy { Set($0.keys) == Set(table.columns) })
    }
}
