import Foundation
import Testing

@testable import Policy

@Suite struct FilesTests {
    @Test func severalFilesAreOneDocument() throws {
        let files = [
            "version: 1\npolicies: {p: {from: a, to: s}}\n---\nversion: 1\nidentities: {a: {cidrs: [10.0.0.1]}}\n",
            "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip}}\ndefaults: {echo: reply}\n",
        ].enumerated().map { SourceFile(name: "f\($0 + 1)", text: $1) }
        let document = try parse(files).0
        #expect(document.rules.map(\.to) == [[.service("s")]])
        #expect(document.identities.map(\.position) == [Position(file: "f1", line: 5, column: 14)])
        #expect(document.services.map(\.position) == [Position(file: "f2", line: 2, column: 12)])
        #expect(document.defaults.echoReply)
    }

    @Test func theSecondOfTwoFilesIsBlamed() {
        let file = """
            version: 1
            interfaces: {eth0: }
            defaults: {echo: drop}
            identities: {a: {cidrs: [10.0.0.1]}}
            services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: ipip}}
            policies: {p: {from: a, to: s}}
            """
        #expect(
            diagnostics(file, file) == [
                "f2:2:14: error: the interface \"eth0\" is here a second time: the first is at f:2:14",
                "f2:3:18: error: the default \"echo\" is set a second time: the first is at f:3:18",
                "f2:4:14: error: the name \"a\" is already taken by an identity: "
                    + "identities and services share their names; the first is at f:4:14",
                "f2:5:12: error: the name \"s\" is already taken by a service: "
                    + "identities and services share their names; the first is at f:5:12",
                "f2:6:12: error: the policy \"p\" is here a second time: the first is at f:6:12",
            ])
    }

    @Test func everyFileAndEveryDocumentNeedsItsVersion() {
        #expect(
            diagnostics("version: 1\n---\nx-y: 1\n", "\ndefaults: {}\n", "") == [
                "f:3:1: error: unknown key \"x-y\" in the document: its keys are version, interfaces, defaults, "
                    + "identities, zones, services, policies, tests",
                "f:3:1: error: the document needs the key \"version\"",
                "f2:1:1: error: the document needs the key \"version\"",
                "f3:1:1: error: the file is empty: write version: 1 on top",
            ])
    }

    @Test func aFileThatIsNoYAMLDoesNotHideTheOthers() {
        #expect(
            diagnostics("a: [b\n", "version: 2\n").map { $0.prefix(10) } == ["f:1:4: err", "f2:1:10: e"])
    }

    @Test func readsAFile() throws {
        let path = repository.appending(path: "examples/demo.yaml").path
        #expect(try SourceFile(path: path).name == path)
        #expect(try SourceFile(path: path).text.hasPrefix("# "))
    }

    @Test func saysWhyAFileCannotBeRead() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let latin = directory.appending(path: "latin.yaml").path
        try Data("version: 1\n# caf\u{e9}\nx: \u{e9}".utf8.map { $0 == 0xC3 ? 0xE9 : $0 }).write(
            to: URL(filePath: latin))
        let large = directory.appending(path: "large.yaml").path
        try Data().write(to: URL(filePath: large))
        try FileHandle(forWritingTo: URL(filePath: large)).truncate(atOffset: UInt64(SourceFile.sizeLimit + 1))
        for (path, message) in [
            (directory.path + "/none", "1:1: error: cannot open the file: there is no such file"),
            (directory.path, "1:1: error: cannot read the file: it is a directory"),
            (latin, "2:6: error: the file is not UTF-8 text: save it in UTF-8"),
            (large, "1:1: error: the file is larger than 64 MB: split it, or check that it is the right file"),
        ] {
            let error = #expect(throws: InvalidDocument.self) { try SourceFile(path: path) }
            #expect(error?.diagnostics.map(\.description) == ["\(path):\(message)"])
        }
    }
}
