import Commands
import Foundation
import TestSupport
import Testing

/// The kernel's answers in the words of the file.
@Suite(.enabled(if: isRoot), .serialized) struct ExplainTests {
    private struct Answer {
        var verdict: String
        var action: String?
        var reason: String
        var rule: String?
        var service: String?
        var hasBackend = false

        init(
            _ verdict: String, _ action: String?, _ reason: String, rule: String? = nil, service: String? = nil,
            hasBackend: Bool = false
        ) {
            self.verdict = verdict
            self.action = action
            self.reason = reason
            self.rule = rule
            self.service = service
            self.hasBackend = hasBackend
        }
    }

    private static let cases: [(from: String, to: String, answer: Answer)] = [
        (
            "198.51.100.9", "203.0.113.10:443/tcp",
            Answer("allow", "redirect", "allowed", rule: "office-to-shop", service: "shop", hasBackend: true)
        ),
        (
            "198.51.100.200", "203.0.113.10:443/tcp",
            Answer("deny", "drop", "policy", rule: "no-guests", service: "shop")
        ),
        ("198.18.0.1", "203.0.113.10:443/tcp", Answer("deny", "drop", "default", rule: "default", service: "shop")),
        ("198.51.100.9", "203.0.113.10:80/tcp", Answer("deny", "drop", "no_service")),
        ("198.51.100.9", "203.0.113.10/icmp/echo-request", Answer("deny", "drop", "no_service")),
        ("198.51.100.9", "192.0.2.1:22/tcp", Answer("deny", "drop", "default", rule: "default")),
        ("127.0.0.1", "203.0.113.10:443/tcp", Answer("deny", "drop", "malformed")),
        ("224.0.0.1", "203.0.113.10:443/tcp", Answer("deny", "drop", "malformed")),
        ("fe80::1", "[ff02::1]/icmpv6/nd-neighbor-advert", Answer("allow", "pass", "upkeep")),
    ]

    @Test func everyKeyIsThereAndSaysWhatTheKernelDoes() throws {
        try withNode { node in
            try node.sluice("apply", node.file(LifecycleTests.file))
            for (from, to, answer) in Self.cases {
                let document = try node.document("explain", "--from", from, "--to", to)
                let comment: Comment = "\(from) -> \(to): \(document)"
                #expect(
                    Set(document.keys) == [
                        "verdict", "action", "reason", "rule", "service", "backend", "source", "path",
                    ], comment)
                #expect(document["verdict"] as? String == answer.verdict, comment)
                #expect(document["action"] as? String == answer.action, comment)
                #expect(document["reason"] as? String == answer.reason, comment)
                #expect(document["rule"] as? String == answer.rule, comment)
                #expect(document["service"] as? String == answer.service, comment)
                #expect((document["backend"] as? [String: Any] != nil) == answer.hasBackend, comment)
                #expect((document["source"] as? [String: Any])?["address"] as? String == from, comment)
                #expect((document["path"] as? [String])?.isEmpty == false, comment)
            }
        }
    }

    @Test func rangesPrefixesAndSources() throws {
        let text = """
            version: 1
            interfaces: {eth0: {}}
            identities: {office: {cidrs: [198.51.100.0/24]}}
            services:
              shop: {vips: [203.0.113.0/28], ports: [8000-8099/tcp, sctp], forward: ipip, sources: [office]}
            policies: {all: {from: any, to: shop}}
            tests:
              - {from: 198.51.100.9, to: "203.0.113.15:8099/tcp", expect: deny}

            """
        let cases: [(from: String, to: String, reason: String, rule: String?, service: String?)] = [
            ("198.51.100.9", "203.0.113.15:8099/tcp", "no_backend", "all", "shop"),
            ("198.51.100.9", "203.0.113.1:7/sctp", "no_backend", "all", "shop"),
            ("198.51.101.9", "203.0.113.1:8000/tcp", "source", nil, "shop"),
            ("198.51.100.9", "203.0.113.1:80/tcp", "no_service", nil, nil),
        ]
        try withNode { node in
            try node.sluice("apply", node.file(text))
            for (from, to, reason, rule, service) in cases {
                let document = try node.document("explain", "--from", from, "--to", to)
                #expect(document["reason"] as? String == reason, "\(from) \(to)")
                #expect(document["rule"] as? String == rule, "\(from) \(to)")
                #expect(document["service"] as? String == service, "\(from) \(to)")
                let path = try #require(document["path"] as? [String])
                #expect(path.contains("the sources of service shop leave it out") == (reason == "source"), "\(path)")
            }
        }
    }

    @Test func theExitStatusAnswersExpect() throws {
        try withNode { node in
            try node.sluice("apply", node.file(LifecycleTests.file))
            let flow = [
                "explain", "--from", "198.51.100.9", "--to", "203.0.113.10:443/tcp", "--instance", node.instance,
            ]
            try node.namespace.run {
                #expect(CommandRun(flow).status == .done)
                #expect(CommandRun(flow + ["--expect", "allow"]).status == .done)
                #expect(CommandRun(flow + ["--expect", "deny"]).status == .failed)
                #expect(CommandRun(flow + ["--interface", "eth0"]).status == .done)
                let elsewhere = CommandRun(flow + ["--interface", "wire0"])
                #expect(elsewhere.status == .failed)
                #expect(elsewhere.error.contains("there is no interface wire0"))
            }
        }
    }

    @Test func askingCountsNothing() throws {
        try withNode { node in
            try node.sluice("apply", node.file(LifecycleTests.file))
            for source in ["198.51.100.9", "198.51.100.200"] {
                try node.sluice("explain", "--from", source, "--to", "203.0.113.10:443/tcp")
            }
            let policies = try #require(try node.document("policy", "list")["policies"] as? [[String: Any]])
            #expect(policies.map { $0["packets"] as? Int } == [0, 0])
            let services = try #require(try node.document("service", "list")["services"] as? [[String: Any]])
            #expect(services.map { $0["packets"] as? Int } == [0])
        }
    }
}
