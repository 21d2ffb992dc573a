import Glibc
import Testing

@testable import Node

@Suite struct NodeErrorTests {
    @Test func itReadsAsOneClause() {
        errno = ENODEV
        #expect(NodeError("list links").description == "can't list links: no such device")
    }
}
