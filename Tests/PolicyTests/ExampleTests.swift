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
}

/// The root of the source tree.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
