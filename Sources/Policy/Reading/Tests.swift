internal import Net

/// `tests`.
extension DocumentReader {
    mutating func tests(_ node: Node) {
        for item in items(node, "tests") ?? [] {
            guard let fields = fields(item, .test, at: item.position) else { continue }
            let expect: Action? = fields["expect"].flatMap { word($0, "the expectation") }
            guard let fromNode = fields["from"], let toNode = fields["to"] else { continue }
            let from = text(fromNode, "from")
            let to = text(toNode, "to")
            guard let from, let to else { continue }
            do {
                let flow = try Flow(from: from, to: to)
                if let expect {
                    document.tests.append(FlowTest(flow: flow, expect: expect, position: item.position))
                }
            } catch {
                self.error((error.part == .from ? fromNode : toNode).position, error.what, error.hint)
            }
        }
    }
}
