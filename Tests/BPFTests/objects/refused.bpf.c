// Reads beyond the packet without looking where that ends: no verifier lets it pass.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int refused(struct xdp_md *ctx) {
    return *(__u8 *)(long)ctx->data;
}

char _license[] SEC("license") = "GPL";
