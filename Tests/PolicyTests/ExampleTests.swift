import Foundation
import Testing

@testable import Policy

@Suite struct ExampleTests {
    static let files: [URL] =
        (try? FileManager.default.contentsOfDirectory(
            at: repository.appending(path: "examples"), includingPropertiesForKeys: nil))?
        .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path } ?? []

    @Test(arguments: files) func isValidWithoutWarnings(file: URL) throws {
        let (document, warnings) = try parse([SourceFile(path: file.path)])
        #expect(warnings.map(\.description) == [])
        #expect(!document.tests.isEmpty)
    }

    @Test func theDemoIsThere() {
        #expect(Self.files.contains { $0.lastPathComponent == "demo.yaml" })
    }

    @Test func theDocumentationIsValid() throws {
        let page = try SourceFile(path: repository.appending(path: "docs/file-format.md").path).text
        let blocks = page.components(separatedBy: "```yaml\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        #expect(!blocks.isEmpty)
        for block in blocks { #expect(diagnostics(block) == []) }
    }

    /// Every key of the format has its word in the documentation.
    @Test func theDocumentationKnowsEveryKey() throws {
        let page = try SourceFile(path: repository.appending(path: "docs/file-format.md").path).text
        let tables: [KeyTable] = [
            .document, .interface, .defaults, .identity, .service, .servicePort, .backend, .policy, .peer, .test,
        ]
        for key in tables.flatMap(\.keys) {
            #expect(["`\(key)`", "## \(key)", "{\(key):", ", \(key):"].contains { page.contains($0) }, "\(key)")
        }
    }
}

/// The root of the source tree.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
