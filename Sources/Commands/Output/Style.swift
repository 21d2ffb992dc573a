/// How text is dressed for the one who reads it.
struct Style: Equatable, Sendable {
    /// Select Graphic Rendition parameters (ECMA-48, 8.3.117).
    enum Paint: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    static let plain = Style(colour: false)

    var colour: Bool

    func paint(_ text: String, _ paint: Paint) -> String {
        colour && !text.isEmpty ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
    }
}
