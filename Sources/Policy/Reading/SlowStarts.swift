/// `slow-start` of backends.
extension DocumentReader {
    /// Longer ones do not fit the tables.
    private static let longestSlowStart = 18 * 3600

    mutating func slowStart(_ node: Node) -> Int? {
        guard let seconds = duration(node, "the slow start") else { return nil }
        guard seconds <= Self.longestSlowStart else {
            error(node.position, "the slow start is longer than 18h")
            return nil
        }
        return seconds
    }

    /// A new backend's slots are shared with those that had them while these are known, which is the drain time.
    mutating func checkSlowStarts(of service: Service) {
        for backend in service.backends where backend.slowStart > 0 {
            if service.scheduler != .maglev {
                warning(
                    backend.position,
                    "the slow start of \(quoted(backend.name)) is of no use with the scheduler "
                        + service.scheduler.rawValue, "it is for maglev")
            } else if backend.slowStart > service.drainTime {
                error(
                    backend.position,
                    "the slow start of \(quoted(backend.name)) is longer than its service's drain time",
                    "write a drain-time of \(backend.slowStart)s or more")
            }
        }
    }
}
