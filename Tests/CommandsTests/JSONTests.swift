import Foundation
import Testing

@testable import Commands

@Suite struct JSONTests {
    @Test func documentsKeepTheOrderOfTheirKeys() {
        let value: JSON = ["zebra": 1, "apple": [], "mango": ["a", nil, true], "pear": [["b": -2]]]
        #expect(
            value.document == """
                {
                  "zebra": 1,
                  "apple": [],
                  "mango": ["a", null, true],
                  "pear": [
                    {
                      "b": -2
                    }
                  ]
                }
                """)
        #expect(value.line == #"{"zebra":1,"apple":[],"mango":["a",null,true],"pear":[{"b":-2}]}"#)
    }

    /// Foundation's parser is the judge of what we write.
    @Test func everyCharacterSurvives() throws {
        let texts = (0..<0x250).compactMap { Unicode.Scalar($0 as UInt32).map { "a\($0)b" } } + ["\u{10FFFF}é\u{2028}"]
        let parsed = try JSONSerialization.jsonObject(with: Data(JSON(texts: texts).line.utf8))
        #expect(parsed as? [String] == texts)
    }

    @Test func largeCountersStayWhole() {
        #expect(JSON(UInt64.max).line == "18446744073709551615")
        #expect(JSON(Int.min).line == "-9223372036854775808")
    }
}
