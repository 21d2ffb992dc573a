import DataplaneABI
import Net
import Plan
import Policy
import Testing

@testable import Image

@Suite struct AddressTableTests {
    private static let seeds = (0..<40).map { _ in UInt64.random(in: 0 ... .max) }

    private func tables(_ prefixes: [String], roomForBlocks: Int = 1024) throws -> AddressTables {
        try tables(AddressClasses(state(prefixes)), roomForBlocks: roomForBlocks)
    }

    private func tables(_ classes: AddressClasses, roomForBlocks: Int) throws -> AddressTables {
        let trie = try Trie4(classes.v4, roomForBlocks: roomForBlocks)
        let hosts = Hosts4(trie.hosts)
        var tables = try AddressTables(classes)
        (tables.trie4Root, tables.trie4Blocks) = (trie.root, trie.blocks)
        (tables.hosts4, tables.hosts4Mask) = (hosts.words, hosts.mask)
        return tables
    }

    /// One set per prefix, all named by one rule.
    private func state(_ prefixes: [String]) throws -> State {
        var state = State()
        state.sets = try prefixes.map { AddressSet(parts: [.init(prefixes: [try Prefix(parsing: $0)])]) }
        state.rules = [
            RuleState(name: "r", from: Array(prefixes.indices), to: [.any], slot: 1, position: Position(file: "f"))
        ]
        return state
    }

    @Test(arguments: seeds) func everyAddressIsInTheClassOfItsSets(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        let state = random.state()
        let classes = try AddressClasses(state)
        let named = Set(
            state.rules.flatMap { rule in
                (rule.from ?? []) + rule.to.compactMap { if case .set(let set) = $0 { set } else { nil } }
            }
        )
        .union(state.services.flatMap { $0.sources ?? [] })
        .union(state.zones.map(\.set))
        for room in [0, 1024] {
            let tables = try tables(classes, roomForBlocks: room)
            for _ in 0..<200 {
                let address = random.interestingAddress(state)
                let members = classes.members[Int(tables.value(of: address) & ADDRESS_CLASS)]
                let expected = named.sorted().filter { state.sets[$0].contains(address) }
                #expect(members.map(Int.init) == expected, "\(address), room \(room), seed \(seed)")
            }
        }
    }

    @Test func equalHistoriesShareAClass() throws {
        let classes = try AddressClasses(state(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.0.2.0/24"]))
        #expect(classes.members == [[], [0], [0, 1], [0, 1, 2], [3]])
    }

    @Test func setsThatNoRuleNamesMakeNoClasses() throws {
        var state = try state(["10.0.0.0/8", "10.1.0.0/16"])
        state.rules[0].from = [1]
        #expect(try AddressClasses(state).members == [[], [1]])
    }

    @Test func exceptionsAndComplements() throws {
        var state = State()
        let part = AddressSet.Part(
            prefixes: [try Prefix(parsing: "10.0.0.0/8")],
            except: [try Prefix(parsing: "10.1.0.0/16"), try Prefix(parsing: "10.1.2.0/24")])
        state.sets = [AddressSet(parts: [part]), AddressSet(parts: [part], complement: true)]
        state.rules = [
            RuleState(name: "r", from: [0], to: [.set(1)], slot: 1, position: Position(file: "f"))
        ]
        let classes = try AddressClasses(state)
        let tables = try tables(classes, roomForBlocks: 0)
        for (address, members) in [
            ("9.255.255.255", [1]), ("10.0.255.255", [0]), ("10.1.0.0", [1]), ("10.1.2.3", [1]), ("10.2.0.0", [0]),
            ("11.0.0.0", [1]), ("2001:db8::1", [1]),
        ] as [(String, [Int32])] {
            let value = tables.value(of: try #require(IPAddress(address)))
            #expect(classes.members[Int(value & ADDRESS_CLASS)] == members, "\(address)")
        }
    }

    @Test func hostsGoToTheirTableOnlyWhereBlocksAreMany() throws {
        let hosts = (0..<12).map { "10.0.0.\($0 * 20)" }
        let sparse = try tables(hosts, roomForBlocks: 0)
        let dense = try tables(hosts, roomForBlocks: 1)
        #expect(sparse.trie4Blocks.count == 256)
        #expect(dense.trie4Blocks.count == 512)
        for last in 0..<UInt32(256) {
            let address = IPAddress.v4(IPv4Address(10 << 24 | last))
            #expect(sparse.value(of: address) == dense.value(of: address), "\(address)")
        }
    }

    @Test func equalBlocksAreShared() throws {
        let hosts = (0..<200).map { "10.0.\($0).1/32" }
        var state = try state(["10.0.0.0/32"])
        state.sets = [AddressSet(parts: [.init(prefixes: try hosts.map { try Prefix(parsing: $0) })])]
        #expect(try AddressTables(AddressClasses(state)).trie4Blocks.count == 2 * 256)
    }

    @Test func everyIPv6LengthIsFound() throws {
        let address = try #require(IPv6Address("2001:db8:5555:5555:5555:5555:5555:5555"))
        let prefixes = (1...128).compactMap { Prefix(masking: .v6(address), length: $0)?.description }
        let tables = try tables(prefixes)
        #expect(tables.lengths6Count == 128)
        // Flip one bit: the longest match ends before it.
        for bit in 0...128 {
            let flipped = bit == 128 ? 0 : UInt128(1) << UInt128(127 - bit)
            let other = IPv6Address(
                high: address.high ^ UInt64(flipped >> 64), low: address.low ^ UInt64(truncatingIfNeeded: flipped))
            #expect(Int(tables.value(of: .v6(other)) & ADDRESS_CLASS) == bit, "\(other)")
        }
    }

    @Test func lengthTreesFitTheirDepth() {
        for count in 0...128 {
            let tree = LengthTree((0..<UInt8(count)).map { $0 + 1 })
            #expect(tree.nodes.count == count)
            func depth(_ index: Int) -> Int {
                1 + [tree.nodes[index].shorter, tree.nodes[index].longer].map { $0 == 0 ? 0 : depth(Int($0)) }.max()!
            }
            if count > 0 { #expect(depth(0) <= Int(LENGTH6_DEPTH), "\(count) lengths") }
        }
    }

    @Test(arguments: [(3, 5000), (7, 5000), (2, 5000), (2, 1), (2, 0)]) func bucketsHoldEveryEntryWhereItIsLookedFor(
        ways: Int, count: Int
    ) {
        let hashes = (0..<UInt64(count)).map { hash_key($0, 7, 0) }
        let table = BucketTable(hashes: hashes, ways: ways)
        #expect(Set(table.places).count == count)
        #expect(count * 2 <= table.bucketCount * ways || count == 0)
        for (hash, place) in zip(hashes, table.places) {
            let choices = BucketTable.choices(hash, mask: table.mask)
            let bucket = place / ways
            #expect(bucket == choices.first || (bucket == choices.second && table.overflow[choices.first]))
        }
    }
}
