import Net
import Plan
import Policy
import Testing

@Suite struct DiffTests {
    private func example() throws -> Document {
        try document(
            interfaces: ["eth0", "eth1"],
            identities: [
                identity("office", ["203.0.113.0/24", "2001:db8:1::/48"], except: ["203.0.113.128/25"]),
                identity("guests", ["198.51.100.0/24"], labels: ["site": "paris"]),
            ],
            services: [
                service("shop", [backend("shop-1", "10.1.0.1", weight: 100), backend("shop-2", "10.1.0.2")]),
                service("mail", vip: "192.0.2.11", []),
            ],
            rules: [
                rule(
                    "office-to-shop", from: [.identity("office"), .labels(["site": "paris"])], to: [.service("shop")]),
                rule("no-guests", from: [.identity("guests")], to: [.node, .world], .deny),
                rule("second", from: [.cidr(net("192.0.2.0/24"), except: [net("192.0.2.9/32")])]),
            ])
    }

    private func changes(_ edit: (inout Document) throws -> Void) throws -> [String] {
        var edited = try example()
        try edit(&edited)
        let (old, new) = try (compile(example(), facts: facts()), compile(edited, facts: facts()))
        return diff(from: old, to: new).map(\.description)
    }

    @Test func theFirstStateIsAllAdditions() throws {
        var document = try example()
        document.defaults.echoReply = true
        #expect(
            try diff(from: nil, to: compile(document, facts: facts())).map(\.description) == [
                "+ interface eth0 auto",
                "+ interface eth1 auto",
                "~ defaults echo drop -> reply",
                "~ node addresses +10.0.0.1 +10.9.0.1 +2001:db8::1 +fe80::1",
                "+ identity office 203.0.113.0/24, 2001:db8:1::/48 except 203.0.113.128/25",
                "+ identity guests 198.51.100.0/24",
                "+ service shop vips 192.0.2.10; ports 443/tcp; forward ipip; scheduler maglev; drain-time 3600s; "
                    + "backends shop-1 10.1.0.1 weight 100, shop-2 10.1.0.2 weight 1",
                "+ service mail vips 192.0.2.11; ports 443/tcp; forward ipip; scheduler maglev; drain-time 3600s; "
                    + "no backends",
                "+ policy no-guests deny from guests to node, world ports all",
                "+ policy office-to-shop allow from office, guests to service shop ports all",
                "+ policy second allow from 192.0.2.0/24 except 192.0.2.9/32 to any ports all",
            ])
    }

    /// Every part of a document that means something, with what its change is called.
    private static let edits: [(expected: [String], edit: @Sendable (inout Document) throws -> Void)] = [
        (["~ interface eth0 mode auto -> native"], { $0.interfaces[0].mode = .native }),
        (
            ["~ interface eth0 next-hop auto -> 02:00:00:00:00:09"],
            { $0.interfaces[0].nextHop = .fixed(try #require(MACAddress("02:00:00:00:00:09"))) }
        ),
        (["~ interface eth1 decapsulate +ipip"], { $0.interfaces[1].decapsulate = [.ipip] }),
        (["~ interface eth1 tunnel-source +2001:db8::5"], { $0.interfaces[1].tunnelSources = [try ip("2001:db8::5")] }),
        (["- interface eth1"], { $0.interfaces.removeLast() }),
        (["~ defaults ingress deny -> allow"], { $0.defaults.ingress = .allow }),
        (["~ defaults echo drop -> reply"], { $0.defaults.echoReply = true }),
        (["~ defaults local-clients node -> all"], { $0.defaults.clients = .all }),
        (["~ defaults client-cgroup none -> /system.slice"], { $0.defaults.clientGroup = "/system.slice" }),
        (["+ identity new 10.7.0.0/16"], { $0.identities.append(try identity("new", ["10.7.0.0/16"])) }),
        (
            ["~ identity office cidrs +10.7.0.0/16 -203.0.113.0/24"],
            { $0.identities[0].cidrs[0] = try net("10.7.0.0/16") }
        ),
        (["~ identity office except -203.0.113.128/25"], { $0.identities[0].except = [] }),
        (["~ policy office-to-shop from -guests"], { $0.identities[1].labels = [:] }),
        (["~ service shop vips +2001:db8::10"], { $0.services[0].vips.append(try ip("2001:db8::10")) }),
        (["~ service shop ports +80/tcp -443/tcp"], { $0.services[0].ports[0].match = TrafficMatch(.tcp, port: 80) }),
        (["~ service shop vips +192.0.2.64/28"], { $0.services[0].vipPrefixes.append(try net("192.0.2.64/28")) }),
        (
            ["~ service shop sources +10.7.0.0/16 +office -any"],
            { $0.services[0].sources = [.identity("office"), .cidr(try net("10.7.0.0/16"), except: [])] }
        ),
        (
            [
                "~ service shop quic none -> id 4 bytes at 1 of 8",
                "~ backend shop/shop-1 quic-id none -> 0102030f",
            ],
            {
                $0.services[0].quic = Service.QUIC()
                $0.services[0].backends[0].quicID = [1, 2, 3, 15]
            }
        ),
        (["~ service mail forward ipip -> direct"], { $0.services[1].forward = .direct }),
        (["~ service shop drain-time 3600s -> 60s"], { $0.services[0].drainTime = 60 }),
        (["- service mail"], { $0.services.removeLast() }),
        (
            ["+ backend shop/shop-3 10.1.0.3 weight 2"],
            { $0.services[0].backends.append(try backend("shop-3", "10.1.0.3", weight: 2)) }
        ),
        (["- backend shop/shop-1"], { $0.services[0].backends.removeFirst() }),
        (["~ backend shop/shop-1 weight 100 -> 5"], { $0.services[0].backends[0].weight = 5 }),
        (
            ["~ backend shop/shop-1 address 10.1.0.1 -> 10.1.0.9"],
            { $0.services[0].backends[0].address = try ip("10.1.0.9") }
        ),
        (
            ["~ backend shop/shop-2 mac none -> 02:00:00:00:00:07"],
            { $0.services[0].backends[1].mac = MACAddress("02:00:00:00:00:07") }
        ),
        (
            [
                "~ interface eth0 tunnel-source +10.0.0.9",
                "~ backend shop/shop-1 tunnel-source 10.0.0.1 -> 10.0.0.9",
                "~ backend shop/shop-2 tunnel-source 10.0.0.1 -> 10.0.0.9",
            ],
            { $0.interfaces[0].tunnelSources = [try ip("10.0.0.9")] }
        ),
        (["~ policy no-guests to +service mail -node"], { $0.rules[1].to[0] = .service("mail") }),
        (
            ["~ policy office-to-shop ports +443/tcp +icmp/echo-request -all"],
            { $0.rules[0].ports = [TrafficMatch(.tcp, port: 443), TrafficMatch(.icmp, icmpType: 8)] }
        ),
        (["~ policy second from +any -192.0.2.0/24 except 192.0.2.9/32"], { $0.rules[2].from = [.any] }),
        (
            ["~ policy second from +192.0.2.0/24 -192.0.2.0/24 except 192.0.2.9/32"],
            { $0.rules[2].from = [.cidr(try net("192.0.2.0/24"), except: [])] }
        ),
        (["~ policy no-guests action deny -> allow"], { $0.rules[1].action = .allow }),
        (["~ policy second priority 0 -> -5"], { $0.rules[2].priority = -5 }),
        (["- policy second"], { $0.rules.removeLast() }),
        (["~ policy office-to-shop order now after second"], { $0.rules.swapAt(0, 2) }),
    ]

    @Test(arguments: DiffTests.edits.indices) func everyMeaningHasItsLine(index: Int) throws {
        let (expected, edit) = Self.edits[index]
        #expect(try changes(edit) == expected)
    }

    @Test func whatMeansNothingIsNoChange() throws {
        let changes = try changes { document in
            document.interfaces.swapAt(0, 1)
            document.interfaces[1].tunnelSources = []
            document.identities.reverse()
            document.identities[1].cidrs.reverse()
            document.services.reverse()
            document.services[1].backends.reverse()
            document.services[1].position = at(99)
            document.rules.swapAt(0, 1)
            document.rules[0].to.reverse()
            document.rules[1].from = [.identity("guests"), .identity("office"), .identity("office")]
            document.rules[2].position = at(98)
        }
        // The first interface lends its address to tunnels, so that one order has a meaning.
        #expect(changes.allSatisfy { $0.contains("tunnel-source 10.0.0.1 -> 10.9.0.1") } && changes.count == 2)
    }

    @Test func slotsAreNoMeaning() throws {
        let first = try compile(example(), facts: facts())
        var other = try example()
        other.services.removeFirst()
        other.rules.removeFirst()
        let second = try compile(other, facts: facts())
        let third = try compile(example(), facts: facts(now: 200), previous: second)
        #expect(first.rules.map(\.slot) != third.rules.map(\.slot))
        #expect(first.services.map(\.slot) != third.services.map(\.slot))
        #expect(diff(from: first, to: third) == [])
    }

    @Test func aNodeThatChangedIsSeen() throws {
        var moved = try facts()
        moved.links[1].index = 9
        moved.links[1].mtu = 9000
        moved.links[2].addresses = []
        let changes = try diff(
            from: compile(example(), facts: facts()), to: compile(example(), facts: moved))
        #expect(
            changes.map(\.description) == [
                "~ interface eth0 index 2 -> 9", "~ interface eth0 mtu 1500 -> 9000", "~ node addresses -10.9.0.1",
            ])
    }

    @Test func drainingIsAStateOfTheBackend() throws {
        let drain = Override(service: "shop", backend: "shop-2", change: .drain)
        let old = try compile(example(), facts: facts())
        let changes = diff(from: old, to: try changing(old, by: drain, facts: facts()))
        #expect(changes == [Change(.change, .backend, "shop/shop-2", "state up -> draining")])
    }

    @Test func longListsAreCut() throws {
        let many = try identity("many", (0..<100).map { "10.0.\($0).0/24" })
        let changes = try changes { $0.identities.append(many) }
        #expect(changes.count == 1 && changes[0].hasSuffix("and 84 more"), "\(changes)")
    }
}
