// Gives a program under test one fresh packet per round of a test run, so that nothing but that program is timed twice.
//
// BPF_PROG_TEST_RUN with `repeat` hands the same buffer to every round, so a program that encapsulates would see its
// own output. The generator puts length and headers back from a template, picks the round's flow, and tail-calls the
// target. What it costs itself is the floor: the same generator in front of `bare`.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "generator.h"

const volatile struct generator generator;

struct progress progress;

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} target SEC(".maps");

// Which flow this round's packet belongs to.
static __always_inline __u64 pick_flow(__u64 round) {
    __u64 state = progress.random;

    if (generator.flows == 1)
        return 0;
    if (generator.flows == 0)
        return generator.first_flow + round;
    // xorshift64 (Marsaglia, "Xorshift RNGs", 2003): every round another flow, none of them predictable by the cache.
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    progress.random = state;
    return ((state >> 32) * generator.flows) >> 32;
}

static __always_inline __u16 fold(__u32 sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u32 halves(__u32 word) { return (word & 0xffff) + (word >> 16); }

// Adds to the words of the template that differ between flows, and to the checksums that cover them. The template's
// checksums are complemented, so they only grow.
static __always_inline int vary(unsigned char *data, const unsigned char *end, __u64 flow) {
    // Odd, so a bijection: neighbouring flows come from places far from each other.
    __u32 scattered = (__u32)flow * 0x9e3779b1u;
    __u32 source = bpf_htonl(scattered & GENERATOR_SOURCES);
    __u32 service = bpf_htonl((__u32)(((__u64)(scattered * 0x85ebca6bu) * generator.services) >> 32));
    __u16 port = bpf_htons((__u16)(1024 + (flow >> GENERATOR_SOURCE_BITS)));
    __u32 addresses = halves(source) + halves(service);

    if (generator.version == 4) {
        if (data + 14 + 20 + 20 > end)
            return -1;
        *(__u16 *)(data + 24) = ~fold(*(__u16 *)(data + 24) + addresses);
        *(__u32 *)(data + 26) |= source;
        *(__u32 *)(data + 30) |= service;
        *(__u16 *)(data + 34) = port;
        *(__u16 *)(data + 50) = ~fold(*(__u16 *)(data + 50) + addresses + port);
    } else {
        if (data + 14 + 40 + 20 > end)
            return -1;
        *(__u32 *)(data + 26) |= source;
        *(__u32 *)(data + 50) |= service;
        *(__u16 *)(data + 54) = port;
        *(__u16 *)(data + 70) = ~fold(*(__u16 *)(data + 70) + addresses + port);
    }
    return 0;
}

static long not_yet(__u64 turn __attribute__((unused)), void *due) { return bpf_ktime_get_ns() >= *(__u64 *)due; }

// Waits for the packet's time. Whoever came late does not make up for it.
static __always_inline void pace(void) {
    __u64 now = bpf_ktime_get_ns();
    __u64 due = progress.due;

    if (due < now)
        due = now;
    else
        bpf_loop(1 << 20, not_yet, &due, 0);
    progress.due = due + generator.interval;
}

SEC("xdp.frags")
int generate(struct xdp_md *ctx) {
    __u64 round = progress.round++;
    unsigned char *data = (void *)(long)ctx->data;
    const unsigned char *end = (void *)(long)ctx->data_end;
    __s64 surplus;

    if (round == generator.warm_up)
        progress.began = bpf_ktime_get_ns();
    if (round == generator.warm_up + generator.rounds - 1)
        progress.ended = bpf_ktime_get_ns();

    // Every verifier up to now refuses to subtract packet pointers in 32 bits, which is what compilers make of a
    // difference that ends in an int.
    surplus = end - data;
    barrier_var(surplus);
    // Called also where nothing moved: the floor must hold what restoring costs.
    if (bpf_xdp_adjust_head(ctx, (int)surplus - (int)generator.length))
        return XDP_ABORTED;
    data = (void *)(long)ctx->data;
    end = (void *)(long)ctx->data_end;
    if (data + GENERATOR_HEADERS > end)
        return XDP_ABORTED;
    for (int i = 0; i < GENERATOR_HEADERS / 8; i++)
        ((__u64 *)data)[i] = generator.headers[i];
    if (vary(data, end, pick_flow(round)))
        return XDP_ABORTED;
    if (generator.interval)
        pace();
    // Real packets come out of a cache, not out of the processor's store buffer, from which a load that spans two
    // stores cannot be served. An atomic operation waits until the buffer is empty.
    __sync_fetch_and_add(&progress.packets, 1);
    bpf_tail_call(ctx, &target, 0);
    return XDP_ABORTED;
}

// What a program that does nothing costs.
SEC("xdp.frags")
int bare(struct xdp_md *ctx __attribute__((unused))) { return XDP_TX; }

char _license[] SEC("license") = "GPL";
