import Net
import Policy
import Testing

@testable import Plan

@Suite struct StableSlotTests {
    @Test func lowestFreeFirst() {
        var allocator = SlotAllocator(from: 1, taken: [2, 3, 5])
        #expect((0..<4).map { _ in allocator.allocate() } == [1, 4, 6, 7])
        var empty = SlotAllocator(from: 0, taken: [])
        #expect((0..<2).map { _ in empty.allocate() } == [0, 1])
    }

    @Test func namesKeepTheirsAndNewOnesTakeWhatNeitherStateUses() throws {
        func state(_ names: [String], after previous: State?) throws -> State {
            try compile(
                document(
                    services: names.map { try service($0, [backend("b", "10.1.0.1")]) },
                    rules: names.map { rule($0) }),
                facts: facts(), previous: previous)
        }
        let first = try state(["a", "b", "c"], after: nil)
        #expect(first.rules.map(\.slot) == [1, 2, 3])
        #expect(first.services.map(\.slot) == [0, 1, 2])
        #expect(first.services.map(\.backends[0].slot) == [1, 2, 3])
        let second = try state(["d", "c", "a"], after: first)
        #expect(second.rules.map(\.slot) == [4, 3, 1])
        #expect(second.services.map(\.slot) == [3, 2, 0])
        #expect(second.services.map(\.backends[0].slot) == [4, 3, 1])
        let third = try state(["d", "e", "c", "a"], after: second)
        #expect(third.rules.map(\.slot) == [4, 2, 3, 1])
        #expect(third.services.map(\.slot) == [3, 1, 2, 0])
    }

    @Test func aBackendIsItsServiceNameAndAddress() throws {
        func slots(_ backends: [(String, String)], after previous: State?) throws -> (State, [UInt32]) {
            let services = [try service("shop", backends.map { try backend($0.0, $0.1) })]
            let state = try compile(document(services: services), facts: facts(), previous: previous)
            return (state, state.services[0].backends.map(\.slot))
        }
        let (first, slots1) = try slots([("a", "10.1.0.1"), ("b", "10.1.0.2")], after: nil)
        #expect(slots1 == [1, 2])
        let (second, slots2) = try slots([("a", "10.1.0.9"), ("b", "10.1.0.2"), ("c", "10.1.0.1")], after: first)
        #expect(slots2 == [3, 2, 4])
        let (_, slots3) = try slots([("a", "10.1.0.1"), ("b", "10.1.0.2")], after: second)
        #expect(slots3 == [1, 2])
    }

    @Test func allInterfacesCanBeReplacedAtOnce() throws {
        func state(_ names: [String], after previous: State?) throws -> State {
            let links = try names.map { try link($0, 4, []) }
            return try compile(document(interfaces: names), facts: NodeFacts(links: links), previous: previous)
        }
        let first = try state((0..<40).map { "a\($0)" }, after: nil)
        let second = try state((0..<40).map { "b\($0)" } + ["a7"], after: first)
        #expect(second.interfaces.last?.slot == 8)
        #expect(Set(second.interfaces.map(\.slot)).count == 41)
        #expect(second.interfaces.allSatisfy { (1...63).contains($0.slot) })
        let third = try state(["a7", "c"], after: try state(["a7", "x"], after: nil))
        #expect(third.interfaces.map(\.slot) == [1, 3])
    }
}
