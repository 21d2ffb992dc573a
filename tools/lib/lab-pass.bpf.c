// What the switch ports of tools/lab carry: a veth delivers frames from its peer's XDP_TX and XDP_REDIRECT only where
// it has a program itself.
#include <linux/bpf.h>

__attribute__((section("xdp"), used)) int pass(struct xdp_md *context) {
    (void)context;
    return XDP_PASS;
}

char _license[] __attribute__((section("license"), used)) = "GPL";
