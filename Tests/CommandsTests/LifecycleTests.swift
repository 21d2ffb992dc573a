import Commands
import Foundation
import TestSupport
import Testing

/// Whole commands against the kernel, in this process.
@Suite(.enabled(if: isRoot), .serialized) struct LifecycleTests {
    static let file = """
        version: 1
        interfaces:
          eth0: {}
        identities:
          office: {cidrs: [198.51.100.0/24]}
        services:
          shop:
            vips: [203.0.113.10]
            ports: [443/tcp]
            forward: ipip
            backends:
              shop-1: {address: 192.0.2.11}
              shop-2: {address: 192.0.2.12}
        policies:
          office-to-shop: {from: [office], to: [shop], ports: [443/tcp]}
          no-guests: {from: [{cidr: 198.51.100.128/25}], to: any, action: deny}
        tests:
          - {from: 198.51.100.9, to: "203.0.113.10:443/tcp", expect: allow}

        """

    @Test func nothingRunsAtFirstAndAtLast() throws {
        try withNode { node in
            for command in [["status"], ["service", "list"], ["drops"], ["test"], ["map", "list"]] {
                let run = try node.namespace.run { CommandRun(command + ["--instance", node.instance]) }
                #expect(run.status == .failed)
                #expect(run.output.isEmpty)
                #expect(run.error.contains("nothing runs as instance \(node.instance)"))
            }
            #expect(try node.sluice("down").status == .done)
            #expect(try node.sluice("apply", node.file(Self.file)).status == .done)
            #expect(try node.sluice("status").status == .done)
            #expect(try node.sluice("down").status == .done)
            #expect(try node.sluice("status").status == .failed)
        }
    }

    @Test func diffTellsWhetherThereIsSomethingToChange() throws {
        try withNode { node in
            let file = try node.file(Self.file)
            let before = try node.sluice("diff", file)
            #expect(before.status == .failed)
            #expect(before.output.contains("+ service shop"))
            try node.sluice("apply", file)
            let after = try node.sluice("diff", file)
            #expect(after.status == .done)
            #expect(after.output == "nothing to change\n")
            #expect(try node.sluice("diff", "/nowhere.yaml").status == .usage)
        }
    }

    @Test func listsShowWhatWasApplied() throws {
        try withNode { node in
            try node.sluice("apply", node.file(Self.file))
            let services = try #require(try node.document("service", "list")["services"] as? [[String: Any]])
            #expect(services.map { $0["name"] as? String } == ["shop"])
            let backends = try #require(services[0]["backends"] as? [[String: Any]])
            #expect(backends.map { $0["state"] as? String } == ["up", "up"])
            let policies = try #require(try node.document("policy", "list")["policies"] as? [[String: Any]])
            #expect(policies.map { $0["name"] as? String } == ["no-guests", "office-to-shop"])
            let lookup = try node.document("identity", "lookup", "198.51.100.9")
            #expect(lookup["identities"] as? [String] == ["office"])
            let status = try node.document("status")
            let interfaces = try #require(status["interfaces"] as? [[String: Any]])
            #expect(interfaces.map { $0["mode"] as? String } == ["native"])
            #expect((status["problems"] as? [String])?.isEmpty == true)
        }
    }

    @Test func overridesStayUntilReset() throws {
        try withNode { node in
            let file = try node.file(Self.file)
            try node.sluice("apply", file)
            #expect(try node.sluice("backend", "drain", "shop", "shop-1").status == .done)
            #expect(try node.sluice("backend", "add", "shop", "shop-3", "192.0.2.13", "--weight", "2").status == .done)
            #expect(try node.sluice("backend", "remove", "shop", "shop-9").status == .failed)
            let drained = ["draining", "up", "up"]
            #expect(try states(node) == drained)
            #expect(try node.sluice("apply", file).status == .done)
            #expect(try states(node) == drained)
            let overrides = [
                "backend drain shop shop-1", "backend add shop shop-3 192.0.2.13 --weight 2",
            ]
            let shown = try node.document("status")["overrides"] as? [String]
            #expect(shown == overrides)
            #expect(try node.sluice("diff", file).status == .done)
            #expect(try node.sluice("diff", "--reset", file).status == .failed)
            #expect(try node.sluice("apply", "--reset", file).status == .done)
            #expect(try states(node) == ["up", "up"])
            let left = try node.document("status")["overrides"] as? [String]
            #expect(left == [])
        }
    }

    private func states(_ node: KernelNode) throws -> [String?] {
        let services = try #require(try node.document("service", "show", "shop")["services"] as? [[String: Any]])
        let backends = try #require(services[0]["backends"] as? [[String: Any]])
        return backends.map { $0["state"] as? String }
    }

    @Test func aFailingTestRefusesTheWhole() throws {
        try withNode { node in
            let good = try node.file(Self.file)
            try node.sluice("apply", good)
            let wrong = try node.file(
                Self.file + "  - {from: 198.51.100.200, to: \"203.0.113.10:443/tcp\", expect: allow}\n", "wrong.yaml")
            for command in ["apply", "test"] {
                let run = try node.sluice(command, wrong)
                #expect(run.status == .failed)
                let said = command == "apply" ? run.error : run.output
                #expect(said.contains("wrong.yaml:19:5: "))
                #expect(said.contains("expected allow, got deny (policy, rule no-guests)"))
                #expect(try node.sluice("diff", good).status == .done)
            }
            #expect(try node.sluice("test").status == .done)
        }
    }

    @Test func testingAFileStartsNothing() throws {
        try withNode { node in
            let run = try node.sluice("test", node.file(Self.file))
            #expect(run.status == .done)
            #expect(run.output.contains("1 passed"))
            #expect(try node.sluice("status").status == .failed)
        }
    }

    @Test func aFileThatCannotBeCarriedOutChangesNothing() throws {
        try withNode { node in
            let good = try node.file(Self.file)
            try node.sluice("apply", good)
            let wrong = try node.file(Self.file.replacing("eth0", with: "eth7"), "wrong.yaml")
            let run = try node.sluice("apply", wrong)
            #expect(run.status == .failed)
            #expect(run.error.contains("wrong.yaml:3:3: error: there is no interface"))
            #expect(try node.sluice("diff", good).status == .done)
        }
    }

    @Test func anApplyThatWouldCutTheSessionWarns() throws {
        try withNode { node in
            let file = try node.file(Self.file)
            let session = ["SSH_CONNECTION": "198.51.100.9 50022 192.0.2.1 22"]
            let run = try node.sluice("apply", file, variables: session)
            #expect(run.status == .done)
            #expect(run.error.contains("warning: the default denies 198.51.100.9 -> 192.0.2.1:22/tcp"))
            let local = try node.sluice("apply", file)
            #expect(!local.error.contains("warning"))
        }
    }

    @Test func instancesDoNotSeeEachOther() throws {
        try withNode { node in
            try node.sluice("apply", node.file(Self.file))
            let other = try node.namespace.run { CommandRun(["status", "--instance", node.instance + "-other"]) }
            #expect(other.status == .failed)
        }
    }
}
