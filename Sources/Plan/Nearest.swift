/// `did you mean "…"?`, or what there is to choose from where nothing is near.
public func suggestion(for name: String, among names: [String]) -> String? {
    let near = names.map { (name: $0, distance: editDistance(name, $0)) }.min { $0.distance < $1.distance }
    guard let near else { return nil }
    if near.distance <= max(1, name.count / 3) { return "did you mean \"\(near.name)\"?" }
    let shown = names.prefix(8).joined(separator: ", ")
    return "there is \(shown)" + (names.count > 8 ? " and \(names.count - 8) more" : "")
}

/// Levenshtein's distance: insertions, deletions and replacements of one byte.
private func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    var row = Array(0...right.count)
    for i in left.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in right.indices {
            let replaced = diagonal + (left[i] == right[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
