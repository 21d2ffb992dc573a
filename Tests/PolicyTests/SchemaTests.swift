import Foundation
import Testing

@testable import Policy

@Suite struct SchemaTests {
    private let schema: Schema

    init() throws {
        let file = try SourceFile(path: repository.appending(path: "schema/sluice.schema.json").path)
        // JSON is YAML.
        schema = Schema(root: try Self.node(file))
    }

    private static func node(_ file: SourceFile) throws -> Node {
        var diagnostics: [Diagnostic] = []
        let documents = try Composer(file).documents(diagnostics: &diagnostics)
        #expect(diagnostics.map(\.description) == [])
        return try #require(documents.first)
    }

    @Test(arguments: [
        ("interface", KeyTable.interface), ("networks", .decapsulation), ("defaults", .defaults), ("idle", .idle),
        ("identity", .identity), ("zone", .zone), ("group", .group), ("service", .service),
        ("servicePort", .servicePort), ("quic", .quic), ("backend", .backend), ("policy", .policy), ("peer", .peer),
        ("test", .test),
        ("", .document),
    ])
    func keysAreThoseOfTheReader(name: String, table: KeyTable) throws {
        let definition = name.isEmpty ? schema.root : try #require(schema.definition(name))
        #expect(definition["properties"]?.entries.map(\.key) == table.keys)
        #expect((definition["required"]?.items ?? []).compactMap(\.text) == table.required)
        #expect(definition["additionalProperties"]?.text == "false")
    }

    @Test(arguments: ExampleTests.files) func examplesAreValid(file: URL) throws {
        #expect(schema.violations(try Self.node(SourceFile(path: file.path))) == [])
    }

    /// What the reader accepts although no example shows it.
    @Test(arguments: [
        "version: 1\ninterfaces:\nidentities: {1: , b: {cidrs: [], labels: {n: 1, f: 1.5, b: true}}}\n"
            + "services:\ntests:\n",
        "version: 1\ninterfaces: {e: {next-hop: auto, tunnel-source: [10.0.0.1, '2001:db8::1']}, "
            + "f: {next-hop: 02-00-00-00-00-01}}\n",
        "version: 1\nidentities: {1: {cidrs: [10.0.0.1]}}\n"
            + "policies: {p: {from: [1, {identity: 1}], to: any, ports: [icmpv6/1/4, ip/47, 1-2/sctp]}}\n",
        "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [{port: 1/tcp}], forward: ipip, "
            + "drain-time: 1h30m, scheduler: round-robin, affinity: 3h, backends: }}\n",
        "version: 1\ndefaults: {idle: {tcp: 1h, udp: 30s, sctp: 2h}, new-flows: 5000}\n",
        "version: 1\ndefaults: {idle: }\n",
        "version: 1\ndefaults: {masquerade-ports: 20000-29999}\nservices: {s: {vips: [192.0.2.1], "
            + "ports: [{port: 1/tcp, target: 80}], forward: nat, masquerade: true}}\n",
        "version: 1\ninterfaces: {e: {decapsulate: [ipip, gue: {port: 6081}, {vxlan: {port: 8472, vnis: [5, 0]}}]}}\n"
            + "services: {s: {vips: [192.0.2.1], ports: [1/tcp], forward: geneve, vni: 5, port: 1, mtu: 1400}}\n",
        "version: 1\nidentities: {1: {cidrs: [10.0.0.1]}}\n"
            + "services: {s: {vips: [192.0.2.0/28, '2001:db8::/64'], ports: [{port: 1-2/sctp}, tcp, 5-9/udp], "
            + "forward: ipip, sources: [1, 10.0.0.0/8]}}\n",
        "version: 1\nservices: {s: {vips: [192.0.2.1], ports: [1/udp], forward: ipip, quic: {id-length: 4}, "
            + "backends: {b: {address: 10.0.0.1, quic-id: 0a0b0c0d}}}}\n",
    ])
    func whatTheReaderAcceptsIsValid(text: String) throws {
        #expect(diagnostics(text).filter { !$0.contains("warning") } == [])
        #expect(schema.violations(try Self.node(SourceFile(name: "f", text: text))) == [])
    }

    @Test(arguments: [
        "{}", "version: 2", "version: '1'", "version: 1\nx: 1", "version: 1\nworkloads: []", "version: 1\ntests: {}",
        "version: 1\ninterfaces: {a/b: {}}", "version: 1\ninterfaces: {e: {mode: fast}}",
        "version: 1\ndefaults: {idle: {icmp: 5s}}", "version: 1\ndefaults: {idle: {udp: 5}}",
        "version: 1\ndefaults: {new-flows: 0}", "version: 1\ndefaults: {new-flows: many}",
        "version: 1\ndefaults: {egress: deny}", "version: 1\nidentities: {-a: {}}",
        "version: 1\nidentities: {a: {cidrs: [office]}}", "version: 1\nidentities: {a: {labels: {}}}",
        "version: 1\nservices: {s: }", "version: 1\nservices: {s: {vips: [], ports: [1/tcp], forward: ipip}}",
        "version: 1\nservices: {s: {vips: [10.0.0.1], ports: [1], forward: ipip}}",
        "version: 1\nservices: {s: {vips: [10.0.0.1], ports: [1/tcp], forward: ospf}}",
        "version: 1\nservices: {s: {vips: [10.0.0.1], ports: [1/tcp], forward: ipip, drain-time: 60}}",
        "version: 1\nservices: {s: {vips: [10.0.0.1], ports: [1/tcp], forward: ipip, "
            + "backends: {b: {address: 10.0.0.2, weight: 65536}}}}",
        "version: 1\npolicies: {p: {from: any}}", "version: 1\npolicies: {p: {from: [], to: any}}",
        "version: 1\npolicies: {p: {from: any, to: any, ports: []}}",
        "version: 1\npolicies: {p: {from: any, to: any, ports: [443]}}",
        "version: 1\npolicies: {p: {from: any, to: any, ports: [443/icmp]}}",
        "version: 1\npolicies: {p: {from: any, to: {cidr: 10.0.0.0/8, service: s}}}",
        "version: 1\npolicies: {p: {from: any, to: {}}}", "version: 1\ntests: [{from: 10.0.0.1, to: x}]",
    ])
    func mistakesOfShapeAreInvalidToBoth(text: String) throws {
        #expect(diagnostics(text).contains { $0.contains("error") })
        #expect(!schema.violations(try Self.node(SourceFile(name: "f", text: text))).isEmpty)
    }
}
