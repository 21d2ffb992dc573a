import Packets
import Plan
import Testing

@testable import Survival

@Suite struct PartsTests {
    /// Against a list that is searched from end to end.
    @Test(arguments: seeds) func theLeastRecentlyUsedMakesRoom(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var recent = Recent(capacity: 20)
        var list: [(key: UInt64, backend: Int)] = []
        for _ in 0..<2000 {
            let key = UInt64.random(in: 0..<40, using: &random)
            let place = list.firstIndex { $0.key == key }
            if random.chance(50) {
                #expect(recent.use(key) == place.map { list[$0].backend })
                if let place { list.append(list.remove(at: place)) }
            } else {
                let backend = Int.random(in: 0..<9, using: &random)
                recent.insert(key, backend)
                if let place { list.remove(at: place) } else if list.count == 20 { list.removeFirst() }
                list.append((key, backend))
            }
            #expect(recent.count == list.count)
        }
    }

    @Test func aResilientRouterMovesOnlyWhatItMust() {
        var random = SplitMix64(seed: 3)
        let connections = (0..<2000).map { _ in Connection.random(begin: 0, end: 0, using: &random) }
        var router = Router(.resilient, nodes: [0, 1, 2, 3])
        let before = connections.map(router.node)
        router.lose(2)
        let without = connections.map(router.node)
        #expect(zip(before, without).allSatisfy { $0 == $1 || $0 == 2 })
        router.add(4)
        let with = connections.map(router.node)
        #expect(zip(without, with).allSatisfy { $0 == $1 || $1 == 4 })
        for node in [0, 1, 3, 4] { #expect(abs(with.count { $0 == node } - 500) < 150) }
    }

    @Test func sharesFollowWeights() throws {
        var random = SplitMix64(seed: 4)
        var fleet = Fleet(backends: 4, drainTime: 0)
        fleet.make(.weight(1, 3))
        let service = try fleet.state(after: nil, now: 0).services[0]
        for strategy in Strategy.allCases {
            let balancer = strategy.balancer(memory: 10_000)
            balancer.publish(service)
            var shares = [0, 0, 0, 0]
            for _ in 0..<6000 {
                let connection = Connection.random(begin: 0, end: 0, using: &random)
                let backend = try #require(balancer.choose(for: connection, opens: true, now: 0))
                shares[backend] += 1
            }
            // 1000, 3000, 1000, 1000; a ring of 200 points per backend is off by some 7 %.
            #expect(shares[1] > 2500 && shares[1] < 3500, "\(strategy): \(shares)")
            for other in [0, 2, 3] { #expect(shares[other] > 700 && shares[other] < 1300, "\(strategy): \(shares)") }
        }
    }
}
