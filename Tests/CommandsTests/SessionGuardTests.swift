import Net
import Plan
import Policy
import Testing

@testable import Commands

@Suite struct SessionGuardTests {
    private static let session = "203.0.113.9 50022 192.0.2.1 22"

    private func peer(_ text: String) throws -> Rule.Peer { .cidr(try Prefix(parsing: text), except: []) }

    private func rule(
        _ name: String, from: Rule.Peer, to: Rule.Peer, ports: [TrafficMatch]? = nil, _ action: Action = .allow,
        priority: Int16 = 0
    ) -> Rule {
        var rule = Rule(name: name, from: [from], to: [to], position: Position(file: "t"))
        rule.ports = ports
        rule.action = action
        rule.priority = priority
        return rule
    }

    private func warning(_ rules: [Rule], _ change: (inout Document) -> Void = { _ in }) throws -> String? {
        var document = Document()
        document.rules = rules
        change(&document)
        let session = try #require(SessionGuard(connection: Self.session))
        return session.warning(about: try document.rulesAlone())
    }

    @Test func theDefaultCuts() throws {
        let text = try #require(try warning([]))
        #expect(text.contains("the default denies 203.0.113.9 -> 192.0.2.1:22/tcp"))
        #expect(try warning([]) { $0.defaults.ingress = .allow } == nil)
    }

    @Test func aRuleForTheNodeKeepsTheSession() throws {
        let ssh = [TrafficMatch(.tcp, port: 22)]
        #expect(try warning([rule("ssh", from: peer("203.0.113.0/24"), to: .node, ports: ssh)]) == nil)
        #expect(try warning([rule("any", from: .any, to: .any)]) == nil)
        #expect(try warning([rule("own", from: .any, to: peer("192.0.2.1/32"), ports: ssh)]) == nil)
    }

    @Test func rulesForOthersDoNotCount() throws {
        #expect(try warning([rule("other", from: peer("198.51.100.0/24"), to: .node)]) != nil)
        #expect(try warning([rule("web", from: .any, to: .node, ports: [TrafficMatch(.tcp, port: 80)])]) != nil)
        #expect(try warning([rule("udp", from: .any, to: .node, ports: [TrafficMatch(.udp, port: 22)])]) != nil)
        #expect(try warning([rule("beyond", from: .any, to: peer("192.0.2.2/32"))]) != nil)
    }

    @Test func precedenceDecides() throws {
        let allow = rule("ssh", from: .any, to: .node)
        let deny = rule("no-guests", from: try peer("203.0.113.0/24"), to: .any, .deny)
        #expect(try warning([allow, deny])?.contains("policy no-guests denies") == true)
        var urgent = allow
        urgent.priority = 1
        #expect(try warning([urgent, deny]) == nil)
    }

    /// A served port of the node's own address is the service's alone.
    @Test func aServiceTakesThePortFromTheNode() throws {
        let rules = [rule("ssh", from: .any, to: .node)]
        let shadowed = try warning(rules) { document in
            var service = Service(name: "jump", position: Position(file: "t"))
            service.vips = [.v4(IPv4Address(0xC000_0201))]
            service.ports = [Service.Port(match: TrafficMatch(.tcp, port: 22), position: Position(file: "t"))]
            document.services = [service]
        }
        #expect(shadowed != nil)
    }

    @Test(arguments: ["", "203.0.113.9 50022 192.0.2.1", "a b c d", "203.0.113.9 50022 192.0.2.1 70000"])
    func whatIsNoSessionIsNone(_ text: String) { #expect(SessionGuard(connection: text) == nil) }

    @Test func linkLocalSessionsHaveTheirLinkStripped() throws {
        let session = try #require(SessionGuard(connection: "fe80::1%eth0 50022 fe80::2%eth0 22"))
        #expect(session.client == IPAddress("fe80::1"))
        #expect(session.server == IPAddress("fe80::2"))
    }
}
