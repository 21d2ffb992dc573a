// What the tests of BPF load: one of each kind of map, and programs that show what they were given.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 verdict = XDP_DROP;
const volatile __u32 misbehaves;
const volatile __u64 constant_pair[2];
__u64 runs;
__u32 settings[4] SEC(".data.settings");

struct entry {
    __u64 packets;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct entry);
} table SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 100000);
    __type(key, __u64);
    __type(value, struct entry);
} seen SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} per_cpu SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

// Counts, reports the packet's length, and puts four bytes in front of it.
SEC("xdp")
int sample_count(struct xdp_md *ctx) {
    __u64 length = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
    __u32 zero = 0;
    struct entry *entry = bpf_map_lookup_elem(&table, &zero);
    __u32 *mine = bpf_map_lookup_elem(&per_cpu, &zero);
    __u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

    if (event) {
        *event = length;
        bpf_ringbuf_submit(event, 0);
    }
    if (entry) {
        entry->packets++;
        entry->bytes += length;
    }
    if (mine)
        ++*mine;
    runs++;
    settings[1] = settings[0] + ctx->ingress_ifindex;
    if (bpf_xdp_adjust_head(ctx, -4))
        return XDP_ABORTED;
    return verdict;
}

SEC("xdp")
int sample_pass(struct xdp_md *ctx) {
    (void)ctx;
    return XDP_PASS;
}

// Reads beyond the packet without looking where that ends, if it is to: no verifier lets that pass.
SEC("xdp")
int sample_refused(struct xdp_md *ctx) { return misbehaves ? *(__u8 *)(long)ctx->data : XDP_PASS; }

SEC("tc")
int sample_mark(struct __sk_buff *skb) {
    __u64 key = skb->len;
    struct entry entry = {.packets = 1};

    bpf_map_update_elem(&seen, &key, &entry, BPF_ANY);
    skb->mark = 7;
    return -1;
}

char _license[] SEC("license") = "GPL";
