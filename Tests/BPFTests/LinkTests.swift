import BPF
import TestSupport
import Testing

@Suite(.enabled(if: isRoot, "attaching needs root"))
struct LinkTests {
    @Test(arguments: [Link.XDPMode.native, .generic]) func xdpLinksLiveAndEnd(mode: Link.XDPMode) throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                let object = try sample()
                let program = try object.program("sample_pass")
                let link = try Link.attachXDP(program, interfaceIndex: index, mode: mode)
                #expect(try link.information().interfaceIndex == index)
                #expect(try link.information().programID == program.information.id)

                let present = try XDPAttachment(ofInterface: index)
                let expected = program.information.id
                #expect(present.nativeProgramID == (mode == .native ? expected : nil))
                #expect(present.genericProgramID == (mode == .generic ? expected : nil))

                let second = #expect(throws: BPFError.self) {
                    _ = try Link.attachXDP(program, interfaceIndex: index, mode: mode)
                }
                #expect(second?.code == 16)

                let other = try object.program("sample_count")
                try link.update(to: other)
                #expect(try link.information().programID == other.information.id)
                try link.detach()
                #expect(try XDPAttachment(ofInterface: index).programIDs.isEmpty)
            }
        }
    }

    @Test func pinnedLinksStay() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try withPinDirectory { directory in
                try namespace.run {
                    let program = try sample().program("sample_pass")
                    try Link.attachXDP(program, interfaceIndex: index, mode: .native).pin(at: "\(directory)/link")
                    #expect(try XDPAttachment(ofInterface: index).programIDs == [program.information.id])
                    let again = try Link(pinnedAt: "\(directory)/link")
                    #expect(try again.information().programID == program.information.id)
                    try again.detach()
                }
            }
        }
    }

    @Test func linksTellWhenTheirInterfaceIsGone() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                let link = try Link.attachXDP(sample().program("sample_pass"), interfaceIndex: index, mode: .native)
                try namespace.ip("link", "delete", "left")
                #expect(try link.information().interfaceIndex == 0)
            }
        }
    }

    @Test(.enabled(if: Feature.tcx.isAvailable, "this kernel has no tcx"))
    func tcxLinksAttach() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                let program = try sample().program("sample_mark")
                for direction in [TrafficDirection.ingress, .egress] {
                    let link = try Link.attachTCX(program, interfaceIndex: index, direction: direction)
                    #expect(try link.information().interfaceIndex == index)
                    #expect(try link.information().programID == program.information.id)
                }
            }
        }
    }

    @Test func filtersAttachReplaceAndDetach() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                for direction in [TrafficDirection.ingress, .egress] {
                    let filter = TrafficControlFilter(
                        interfaceIndex: index, direction: direction, handle: 1, priority: 5)
                    #expect(try filter.programID() == nil)
                    try filter.detach()
                    let first = try sample().program("sample_mark")
                    try filter.attach(first)
                    #expect(try filter.programID() == first.information.id)
                    let second = try sample().program("sample_mark")
                    try filter.attach(second)
                    #expect(try filter.programID() == second.information.id)
                    try filter.detach()
                    #expect(try filter.programID() == nil)
                }
            }
        }
    }

    @Test func missingInterfacesAreAnError() throws {
        let program = try sample().program("sample_pass")
        let error = #expect(throws: BPFError.self) {
            _ = try Link.attachXDP(program, interfaceIndex: 0x7fff_fff0, mode: .native)
        }
        #expect(error?.description.hasPrefix("attach program sample_pass to interface 2147483632") == true)
    }

    @Test func driversTellWhetherTheyRunXDP() throws {
        try withNamespace { namespace in
            let index = try namespace.addPair("left", peer: "right")
            try namespace.run {
                #expect(Feature.nativeXDP(onInterface: index))
                #expect(!Feature.nativeXDP(onInterface: 1))
                let left = try XDPAttachment(ofInterface: index)
                #expect(left.programIDs.isEmpty)
            }
        }
    }
}
