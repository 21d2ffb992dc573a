import Foundation
import TestSupport
import Testing

@testable import Dataplane

struct InstanceTests {
    @Test(arguments: ["default", "a", "edge-7", "A_b", String(repeating: "x", count: 60)])
    func goodNames(name: String) throws { #expect(try Instance(name).name == name) }

    @Test(arguments: ["", "a.b", "a/b", "..", "-a", "_a", "a b", "é", "a+next", String(repeating: "x", count: 61)])
    func badNames(name: String) { #expect(throws: DataplaneError.self) { _ = try Instance(name) } }

    @Test(arguments: ["eth0", "eth0.100", "a%2eb", "%", "..."])
    func interfaceNamesSurviveAsPins(name: String) {
        let pin = AttachmentPoint.encode(name)
        #expect(!pin.contains("."))
        #expect(AttachmentPoint("/sys/fs/bpf/x/link/\(pin)").interfaceName == name)
    }

    @Test(.enabled(if: isRoot, "the lock is root's")) func theLockNamesItsHolder() throws {
        try withInstanceName { name in
            let instance = try Instance(name)
            func hold() throws {
                let held = try InstanceLock(instance)
                let error = #expect(throws: DataplaneError.self) {
                    _ = try InstanceLock(instance, patience: .milliseconds(30))
                }
                #expect(error?.kind == .locked)
                #expect(error?.message.contains("process \(getpid()) (") == true)
                #expect(held.instance == instance)
            }
            try hold()
            // With patience: a process that another test is starting has a copy of the descriptor until it executes.
            _ = try InstanceLock(instance)
        }
    }
}

struct CounterLayoutTests {
    @Test func regionsDoNotOverlap() {
        let layout = CounterLayout(interfaces: 2, rules: 3, services: 4, backends: 5)
        var seen: [Int] = []
        for interface in 0..<UInt32(2) {
            for rule in 0..<UInt32(3) { seen.append(layout.rule(rule, interface: interface)!) }
        }
        seen += (0..<4).compactMap { layout.service($0) } + (0..<5).compactMap { layout.backend($0) }
        seen += (0..<4).compactMap { layout.quic($0) }
        #expect(seen == Array(64 * 64..<Int(layout.stride)))
        #expect(layout.rule(3, interface: 0) == nil)
        #expect(layout.rule(0, interface: 2) == nil)
        #expect(layout.service(4) == nil)
        #expect(layout.backend(5) == nil)
        #expect(layout.outcome(0, interface: 64) == nil)
    }

    @Test func roomGrowsAndNeverShrinks() {
        let small = CounterLayout.fitting(SlotNeeds())
        #expect(small == CounterLayout(interfaces: 4, rules: 1024, services: 256, backends: 1024))
        let grown = CounterLayout.fitting(SlotNeeds(rules: 1025), growing: small)
        #expect(grown == CounterLayout(interfaces: 4, rules: 2048, services: 256, backends: 1024))
        #expect(CounterLayout.fitting(SlotNeeds(), growing: grown) == grown)
        #expect(!small.holds(SlotNeeds(rules: 1025)))
        #expect(small.holds(SlotNeeds(interfaces: 4, rules: 1024, services: 256, backends: 1024)))
    }
}
