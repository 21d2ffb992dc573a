import Foundation
import Net
import Testing

@testable import Policy

/// Whatever a file holds, reading it ends, with a document or with diagnostics, never with a trap.
@Suite struct HostileTests {
    @Test(arguments: [
        ("[", "]"), ("{a: ", "}"), ("[a: ", "]"), ("- ", ""), ("? ", ""), ("{? ", "}"), ("[", ""), ("{", ""),
        ("&a [", "]"),
    ])
    func nestingIsRefusedBeforeTheStackEnds(open: String, close: String) {
        for depth in [100, 500, 999, 1_000, 100_000] {
            let text = String(repeating: open, count: depth) + "x" + String(repeating: close, count: depth)
            let found = diagnostics("version: 1\n---\n" + text)
            #expect(found.count == 1, "\(depth) × \(open)")
            #expect(found.first?.contains("error: ") == true)
        }
    }

    @Test func nestingByIndentationIsRefused() {
        let text = (0..<500).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(diagnostics(text) == ["f:65:65: error: lists and mappings are nested too deeply"])
    }

    @Test func millionsOfItemsAreNotEvenComposed() {
        #expect(
            diagnostics(String(repeating: "[],", count: 3_000_001)) == [
                "f:1:1: error: the file has more than a million values, aliases expanded: "
                    + "split it, or use fewer aliases"
            ])
    }

    @Test func aHugeScalarIsShownShort() {
        let found = diagnostics(
            "version: 1\npolicies: {p: {from: any, to: \(String(repeating: "x", count: 5_000_000))}}\n")
        #expect(
            found == [
                "f:2:31: error: there is no identity or service \"\(String(repeating: "x", count: 64))…\""
            ])
    }

    @Test func aMessageStaysOnItsLine() {
        #expect(
            diagnostics("version: \"1\\n\\u202E\\0\"\n") == [
                "f:1:10: error: the version must be a number, this is text: write it without quotes"
            ])
        #expect(
            diagnostics("version: 1\n\"\\n\\u202E\\0\": 1\n").map { $0.prefix(52) } == [
                "f:2:1: error: unknown key \"\\n\\u{202E}\\0\" in the docu"
            ])
    }

    /// Bytes that mean something to YAML or to a policy come up more often than others.
    private static let alphabet = Array(
        "[]{}:,-?&*!|>'\"%@`#\n\n  \t\r~<=+/.0123456789abcdefx\u{0}\u{85}é\u{E000}\u{F0000}".unicodeScalars)

    @Test func randomTextNeverTraps() {
        var random = Seeded()
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<120, using: &random) {
                text.append(Self.alphabet.randomElement(using: &random) ?? " ")
            }
            check(String(text), random.seed)
        }
    }

    @Test func mutatedExamplesNeverTrap() throws {
        var random = Seeded()
        let examples = try ExampleTests.files.map { Array(try SourceFile(path: $0.path).text.unicodeScalars) }
        for _ in 0..<500 {
            guard var text = examples.randomElement(using: &random) else { return }
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<text.count, using: &random)
                let end = min(text.count, at + Int.random(in: 0...20, using: &random))
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.removeSubrange(at..<end)
                case 1: text.insert(contentsOf: text[at..<end], at: Int.random(in: 0...text.count, using: &random))
                case 2: text[at] = Self.alphabet.randomElement(using: &random) ?? " "
                default: text.insert(Self.alphabet.randomElement(using: &random) ?? " ", at: at)
                }
                guard !text.isEmpty else { break }
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text)
            check(String(view), random.seed)
        }
    }

    @Test func randomPortsAndFlowsNeverTrap() {
        var random = Seeded()
        let pieces = [
            "/", ":", "[", "]", ".", "-", "tcp", "icmp", "icmpv6", "ip", "echo-request", "::1", "10.0.0.1", "443", "0",
            "é",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0..<7, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            if let match = try? TrafficMatch(parsing: text) {
                #expect((try? TrafficMatch(parsing: match.description)) == match, "seed \(random.seed): \(text)")
            }
            if let flow = try? Flow(from: "10.0.0.1", to: text) {
                #expect((try? Flow(from: flow.from, to: flow.to)) == flow, "seed \(random.seed): \(text)")
            }
        }
    }

    private func check(_ text: String, _ seed: UInt64) {
        do {
            _ = try parse([SourceFile(name: "f", text: text)])
        } catch {
            #expect(error.diagnostics.contains { $0.severity == .error }, "seed \(seed): \(text.debugDescription)")
            let lines = text.unicodeScalars.count { "\r\n\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            for diagnostic in error.diagnostics {
                #expect(
                    (1...lines).contains(diagnostic.position.line) && diagnostic.position.column >= 1
                        && !diagnostic.description.contains("\n"),
                    "seed \(seed): \(text.debugDescription): \(diagnostic)")
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014) with a seed that is new in each run.
struct Seeded: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        seed = UInt64(ProcessInfo.processInfo.environment["SEED"] ?? "") ?? .random(in: 0 ... .max)
        state = seed
        print("seed \(seed)")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
