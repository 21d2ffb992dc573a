internal import Yams

/// Finds all repeated keys of a text although Yams stops at the first one and knows the place of its first occurrence
/// only.
///
/// That first occurrence is made unique by replacing its first character with one that no policy uses, and the text is
/// composed again; in the end Yams accepts the text, and undoing the replacements shows each key with its place.
struct DuplicateKeys {
    /// Bytes to compose again in total; each repeated key costs another pass over the text.
    private static let budget = 10_000_000
    private static let firstSubstitute: UInt32 = 0xF_0000

    private struct Place: Hashable {
        var line: Int
        var column: Int
    }

    /// What is to be composed.
    private(set) var text: String
    private var originals: [Place: Unicode.Scalar] = [:]
    private let limit: Int

    init(text: String) {
        self.text = text
        limit = min(1_000, max(5, Self.budget / (text.utf8.count + 1)))
    }

    /// Makes the key at the mark unique. False where that is not possible.
    mutating func set(aside mark: Mark) -> Bool {
        let place = Place(line: mark.line, column: mark.column)
        guard originals.count < limit, originals[place] == nil,
            let substitute = Unicode.Scalar(Self.firstSubstitute + UInt32(originals.count)),
            var index = index(of: place)
        else { return false }
        var scalars = text.unicodeScalars
        let quote = scalars[index]
        if quote == "\"" || quote == "'" { scalars.formIndex(after: &index) }
        // Tags, anchors, explicit keys, escapes and empty keys: too rare to be worth more than their first place.
        guard index < scalars.endIndex, !["&", "!", "?", "\\", "\"", "'"].contains(scalars[index]) else { return false }
        originals[place] = scalars[index]
        scalars.replaceSubrange(index...index, with: CollectionOfOne(substitute))
        text = String(scalars)
        return true
    }

    /// The key as it is in the file.
    func original(of key: Yams.Node.Scalar) -> String {
        guard !originals.isEmpty, let mark = key.mark,
            let first = originals[Place(line: mark.line, column: mark.column)]
        else { return key.string }
        return String(first) + String(key.string.unicodeScalars.dropFirst())
    }

    /// Counts as libyaml does: CR, LF, CR LF, NEL, LS and PS each end a line.
    private func index(of place: Place) -> String.Index? {
        let scalars = text.unicodeScalars
        var (line, column) = (1, 1)
        var index = scalars.startIndex
        while index < scalars.endIndex {
            if line == place.line, column == place.column { return index }
            let scalar = scalars[index]
            scalars.formIndex(after: &index)
            switch scalar {
            case "\r" where index < scalars.endIndex && scalars[index] == "\n": column += 1
            case "\r", "\n", "\u{85}", "\u{2028}", "\u{2029}": (line, column) = (line + 1, 1)
            default: column += 1
            }
        }
        return nil
    }
}
