import Packets
import Plan

/// Consistent hashing (Karger et al., STOC 1997): each backend has points on a ring, in proportion to its weight, and a
/// connection goes to the next point.
final class RingBalancer: Balancer {
    private static let pointsPerWeight = 200
    private var points: [(place: UInt32, backend: Int)] = []

    func publish(_ service: ServiceState) {
        points = service.backends.flatMap { backend in
            let number = Fleet.number(backend)
            var random = SplitMix64(seed: UInt64(number))
            return (0..<Self.pointsPerWeight * Int(backend.effectiveWeight)).map { _ in
                (place: random.number(UInt32.self), backend: number)
            }
        }.sorted { $0.place < $1.place }
    }

    func choose(for connection: Connection, opens: Bool, now: UInt64) -> Int? {
        guard !points.isEmpty else { return nil }
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].place < connection.hash { low = middle + 1 } else { high = middle }
        }
        return points[low % points.count].backend
    }
}
