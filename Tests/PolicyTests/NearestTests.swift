import Testing

@testable import Policy

@Suite struct NearestTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("shop", "shop", 0), ("shop", "Shop", 0), ("shop", "sohp", 1),
        ("shop", "shp", 1), ("shop", "shopp", 1), ("shop", "shap", 1), ("vips", "cidrs", 3), ("ca", "abc", 3),
    ])
    func distances(left: String, right: String, distance: Int) {
        #expect(Nearest.distance(Array(left.utf8), Array(right.utf8)) == distance)
        #expect(Nearest.distance(Array(right.utf8), Array(left.utf8)) == distance)
    }

    @Test(
        arguments: [
            ("sohp", ["mail", "shop", "shops"], "shop"), ("x", ["a", "b"], nil), ("X", ["w", "x"], "x"),
            ("abc", ["xyz"], nil), ("mail", [], nil),
            ("interface", ["interfaces", "identities"], "interfaces"),
        ] as [(String, [String], String?)])
    func suggestions(name: String, candidates: [String], nearest: String?) {
        var search = Nearest()
        #expect(search.name(to: name, among: candidates) == nearest)
    }

    @Test func manyWrongNamesAreAnsweredInTime() {
        let candidates = (0..<50_000).map { "name-\($0)" }
        var search = Nearest()
        let answers = (0..<1_000).map { _ in search.name(to: "name-", among: candidates) }
        #expect(answers.first == "name-0")
        #expect(answers.last == .some(nil))
        #expect(search.name(to: String(repeating: "n", count: 1 << 20), among: ["n"]) == nil)
    }
}
