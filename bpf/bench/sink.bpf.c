// The cheapest end of a packet's journey, for the far side of a bench.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int sink(struct xdp_md *ctx __attribute__((unused))) { return XDP_DROP; }

char _license[] SEC("license") = "GPL";
