import Net
import Plan
import Policy
import Testing

@Suite struct CompileTests {
    @Test func interfacesTakeWhatTheNodeKnows() throws {
        let state = try compile(document(interfaces: ["eth1", "eth0"]), facts: facts())
        #expect(state.interfaces.map(\.name) == ["eth1", "eth0"])
        #expect(state.interfaces.map(\.index) == [3, 2])
        #expect(state.interfaces.map(\.slot) == [1, 2])
        #expect(state.interfaces[0].mac == MACAddress("02:00:00:00:00:03"))
        #expect(try state.nodeAddresses == ["10.0.0.1", "10.9.0.1", "2001:db8::1", "fe80::1"].map(ip))
    }

    @Test func everyMistakeIsReportedAtOnceAndInItsPlace() throws {
        var bad = document(
            interfaces: ["eth9", "eth0"],
            rules: [rule("r", from: [.identity("offise")], to: [.service("shop")], line: 31)])
        bad.identities = [try identity("office", ["10.0.0.0/8"])]
        let error = try #require(throws: PlanError.self) { try compile(bad, facts: try facts()) }
        #expect(
            error.diagnostics.map(\.description) == [
                "test.yaml:3:1: error: there is no interface \"eth9\": did you mean \"eth0\"?",
                "test.yaml:31:1: error: there is no identity \"offise\": did you mean \"office\"?",
                "test.yaml:31:1: error: there is no service \"shop\"",
            ])
    }

    @Test func moreInterfacesThanSlotsAreRefused() throws {
        let names = (0..<64).map { "veth\($0)" }
        let links = try names.enumerated().map { try link($1, UInt32($0) % 10, []) }
        let error = try #require(throws: PlanError.self) {
            try compile(document(interfaces: names), facts: NodeFacts(links: links))
        }
        #expect(error.diagnostics.map(\.what) == ["64 interfaces are too many"])
        let state = try compile(document(interfaces: Array(names.dropLast())), facts: NodeFacts(links: links))
        #expect(state.interfaces.map(\.slot) == Array(1...63))
    }

    @Test func tooManyBackendsAreRefused() throws {
        let backends = try (0...Limit.backendsPerService).map { number in
            try backend("b\(number)", "10.1.\(number >> 8).\(number & 255)")
        }
        let error = try #require(throws: PlanError.self) {
            try compile(document(services: [try service("shop", backends)]), facts: try facts())
        }
        #expect(error.diagnostics.map(\.hint) == ["at most 32767"])
    }

    @Test func peersBecomeSets() throws {
        let state = try compile(
            document(
                identities: [
                    identity("office", ["10.0.0.0/8"], except: ["10.1.0.0/16"], labels: ["site": "paris"]),
                    identity("web-1", ["10.1.0.11/32"], labels: ["tier": "web", "site": "paris"]),
                    identity("web-2", ["10.1.0.12/32"], labels: ["tier": "web"]),
                    identity("idle"),
                ],
                services: [service("shop", [])],
                rules: [
                    rule("any", from: [.identity("office"), .any], to: [.node, .any]),
                    rule("web", from: [.labels(["tier": "web"])], to: [.service("shop"), .node, .service("shop")]),
                    rule("both", from: [.labels(["tier": "web", "site": "paris"])], to: [.labels(["site": "paris"])]),
                    rule("nobody", from: [.labels(["tier": "db"])]),
                    rule(
                        "cidr", from: [.cidr(net("192.0.2.0/24"), except: [net("192.0.2.7/32"), net("192.0.2.2/32")])],
                        to: [.cidr(net("192.0.2.0/24"), except: [net("192.0.2.2/32"), net("192.0.2.7/32")])]),
                    rule("world", from: [.world, .identity("web-2")], to: [.world]),
                ]),
            facts: facts())
        let rules = Dictionary(uniqueKeysWithValues: state.rules.map { ($0.name, $0) })

        #expect(state.sets.map(\.identity) == ["office", "web-1", "web-2", "idle", nil, nil])
        #expect(rules["any"]?.from == .some(.none))
        #expect(rules["any"]?.to == [.any])
        #expect(rules["web"]?.from == [1, 2])
        #expect(rules["web"]?.to == [.service(0), .node])
        #expect(rules["both"]?.from == [1])
        #expect(rules["both"]?.to == [.set(0), .set(1)])
        #expect(rules["nobody"]?.from == [])
        #expect(rules["cidr"]?.from == [4])
        #expect(rules["cidr"]?.to == [.set(4)])
        #expect(rules["world"]?.from == [2, 5])
        #expect(rules["world"]?.to == [.set(5)])
        for (address, inside) in [("10.2.0.1", false), ("10.1.0.1", true), ("10.1.0.11", false), ("2001:db8::9", true)]
        {
            #expect(state.sets[5].contains(try ip(address)) == inside, "\(address)")
        }
        #expect(!state.sets[3].contains(try ip("10.0.0.1")))
    }

    @Test func rulesStandByPrecedence() throws {
        let rules = [
            rule("allow-0", priority: 0), rule("deny-0", .deny), rule("allow-min", priority: .min),
            rule("deny-max", .deny, priority: .max), rule("allow-max", priority: .max), rule("allow-0b"),
            rule("deny-min", .deny, priority: .min), rule("deny-0b", .deny),
        ]
        let state = try compile(document(rules: rules), facts: facts())
        #expect(
            state.rules.map(\.name) == [
                "deny-max", "allow-max", "deny-0", "deny-0b", "allow-0", "allow-0b", "deny-min", "allow-min",
            ])
        #expect(state.rules.map(\.slot) == Array(1...8))
    }

    @Test func backendsStandByNameWithATableOfTheirIndices() throws {
        let state = try compile(
            document(services: [
                service(
                    "shop",
                    [
                        backend("c", "10.1.0.3", weight: 2), backend("a", "10.1.0.1"),
                        backend("b", "10.1.0.2", weight: 0),
                    ])
            ]), facts: facts())
        let shop = try state.service("shop")
        #expect(shop.backends.map(\.name) == ["a", "b", "c"])
        #expect(shop.slots.current.count == 4001)
        #expect(Set(shop.slots.current) == [0, 2])
        #expect(shop.slots.previous.isEmpty && shop.slots.drainEnd == 0)
        #expect(abs(shop.slots.current.count { $0 == 2 } - 4001 * 2 / 3) <= 1)
    }

    @Test func sameInputSameState() throws {
        let many = try document(
            identities: (0..<50).map { try identity("i\($0)", ["10.0.\($0).0/24"], labels: ["l": "\($0 % 3)"]) },
            services: (0..<10).map {
                try service("s\($0)", [try backend("b", "10.1.0.1"), try backend("a", "10.1.0.2")])
            },
            rules: (0..<10).map { rule("r\($0)", from: [.labels(["l": "\($0 % 3)"])], to: [.service("s\($0)")]) })
        #expect(try compile(many, facts: facts()) == compile(many, facts: facts()))
    }
}
