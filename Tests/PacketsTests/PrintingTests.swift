import Net
import Packets
import Testing

@Suite struct PrintingTests {
    @Test(arguments: [
        (
            0,
            "02:00:00:00:00:0b > 02:00:00:00:00:0a | 198.51.100.7 > 192.0.2.10 ttl 64 df "
                + "tcp 40000 > 443 [S] options 4 length 0"
        ),
        (
            1,
            "02:00:00:00:00:0b > 02:00:00:00:00:0a svlan 100 vlan 5 priority 3 | 2001:db8:1::7 > 2001:db8::10 hop 64 "
                + "udp 5353 > 53 length 3"
        ),
        (
            2,
            "02:00:00:00:00:0b > 02:00:00:00:00:0a | 2001:db8:1::7 > 2001:db8::10 hop 64 class 0xb8 label 0x12345 "
                + "[hop-by-hop 8] [routing 8] [destination 16] [fragment 3405705229@0+] icmpv6 echo-request length 6"
        ),
        (
            4,
            "02:00:00:00:00:0b > 02:00:00:00:00:0a | 198.51.100.7 > 192.0.2.10 ttl 64 tos 0xb9 fragment 43981@0+ "
                + "sctp 5000 > 132 tag 0xdeadbeef length 8"
        ),
        (
            5,
            "02:00:00:00:00:0b > 02:00:00:00:00:0a | 198.51.100.7 > 192.0.2.10 ttl 64 df "
                + "{ 2001:db8:1::7 > 2001:db8::10 hop 64 ip/59 length 0 }"
        ),
        (7, "02:00:00:00:00:0b > 01:80:c2:00:00:00 | ethertype 0x3 length 3"),
    ])
    func oneLine(_ index: Int, _ line: String) {
        #expect(WireTests.cases[index].frame.description == line)
    }

    @Test func dumpShowsLineAndBytes() {
        let dump = Frame.dump(hex("01 80 c2 00 00 00 02 00 00 00 00 0b 0003 42 7e 7f 00"))
        #expect(
            dump == """
                02:00:00:00:00:0b > 01:80:c2:00:00:00 | ethertype 0x3 length 4
                0000  01 80 c2 00 00 00 02 00 00 00 00 0b 00 03 42 7e  ..............B~
                0010  7f 00                                            ..
                """)
        #expect(Frame.dump([0x41]).hasPrefix("no frame\n0000  41 "))
        #expect(hexdump([]).isEmpty)
    }
}
