internal import Policy

/// `did you mean "…"?`, or what there is to choose from where nothing is near.
public func suggestion(for name: String, among names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    var nearest = Nearest()
    if let near = nearest.name(to: name, among: names) { return "did you mean \"\(near)\"?" }
    let shown = names.prefix(8).joined(separator: ", ")
    return "there is \(shown)" + (names.count > 8 ? " and \(names.count - 8) more" : "")
}
