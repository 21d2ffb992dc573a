// How loaded backends are: how many flows they have, and how long their handshakes take. See struct load.
#pragma once

#include "base.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); // set before loading to config.backend_room
    __type(key, __u32);
    __type(value, struct load);
} loads SEC(".maps");

#define LOAD_ONE (1ull << LOAD_LIVE_SHIFT)

static __always_inline __u16 load_epoch(void) { return bpf_jiffies64() >> (control.epoch_shift & 63); }

// The counts as they stand at `epoch`: of an epoch that has ended, those that sent in it go on, the others do not.
static __always_inline __u64 load_at(__u64 flows, __u16 epoch) {
    __u16 age = epoch - (__u16)(flows >> LOAD_EPOCH_SHIFT);

    if (!age)
        return flows;
    return (__u64)epoch << LOAD_EPOCH_SHIFT | (age == 1 ? (flows & LOAD_COUNT) << LOAD_LIVE_SHIFT : 0);
}

static __always_inline __u32 load_live(__u64 flows) { return flows >> LOAD_LIVE_SHIFT & LOAD_COUNT; }

static __always_inline __u32 load_flows(const struct load *load) {
    return load_live(load_at(READ_ONCE(load->flows), load_epoch()));
}

// A few attempts are enough: who loses all of them is missing from the count until the next epoch.
#define LOAD_ATTEMPTS 4

static __always_inline void load_add(struct load *load, __u16 epoch, __u64 what) {
#pragma unroll
    for (int attempt = 0; attempt < LOAD_ATTEMPTS; attempt++) {
        __u64 flows = READ_ONCE(load->flows);

        if (__sync_val_compare_and_swap(&load->flows, flows, load_at(flows, epoch) + what) == flows)
            return;
    }
}

// Only what was counted in the same epoch may be taken off.
static __always_inline void load_remove(struct load *load, __u16 epoch) {
#pragma unroll
    for (int attempt = 0; attempt < LOAD_ATTEMPTS; attempt++) {
        __u64 flows = READ_ONCE(load->flows);

        if ((__u16)(flows >> LOAD_EPOCH_SHIFT) != epoch || !load_live(flows) || !(flows & LOAD_COUNT))
            return;
        if (__sync_val_compare_and_swap(&load->flows, flows, flows - LOAD_ONE - 1) == flows)
            return;
    }
}

// A new flow of the backend in `slot`. `counted` is the flow's own note, kept wherever it is remembered.
static __always_inline void load_open(__u32 slot, __u16 *counted) {
    struct load *load = bpf_map_lookup_elem(&loads, &slot);

    *counted = load_epoch();
    if (load)
        load_add(load, *counted, LOAD_ONE + 1);
}

// A packet of a flow that is remembered, and has not ended before. Most of the time it was counted already.
//
// Also for tables of flows other than `connections`: who remembers a flow that balance() chose a backend for, and does
// not ask balance() again, calls this for every packet of the client's, with a __u16 beside the flow that holds
// load_epoch() of its first packet, and a flag of its own that the flow has ended.
static __always_inline void load_note(__u32 slot, __u16 *counted, int ends) {
    __u16 epoch = load_epoch(), before = *counted;
    struct load *load;

    if (likely(before == epoch && !ends))
        return;
    load = bpf_map_lookup_elem(&loads, &slot);
    *counted = epoch;
    if (!load)
        return;
    if (before != epoch)
        load_add(load, epoch, (__u16)(epoch - before) == 1 ? 1 : LOAD_ONE + 1);
    if (ends)
        load_remove(load, epoch);
}

// The mean halves in a quarter of an epoch while nothing is measured, so that a backend that was slow is tried again.
static __always_inline __u32 load_halving(void) { return (control.epoch_shift - 2) & 31; }

static __always_inline __u32 load_decayed(__u32 value, __u32 age) {
    __u32 halvings = age >> load_halving(), rest = age & ((1u << load_halving()) - 1);

    if (halvings > 31)
        return 0;
    value >>= halvings;
    return value - ((__u64)(value >> 1) * rest >> load_halving());
}

// Microseconds.
static __always_inline __u32 load_handshake(const struct load *load) {
    __u64 handshake = READ_ONCE(load->handshake);

    return load_decayed(handshake, (__u32)bpf_jiffies64() - (__u32)(handshake >> 32));
}

// A quarter of the mean is the newest handshake; more, where the others are old.
static __always_inline void load_measure(__u32 slot, __u64 nanoseconds) {
    struct load *load = bpf_map_lookup_elem(&loads, &slot);
    __u32 now = bpf_jiffies64(), sample, mean, kept;
    __u64 before;

    if (!load)
        return;
    nanoseconds /= 1000;
    sample = nanoseconds > 0x7fffffff ? 0x7fffffff : nanoseconds ? nanoseconds : 1;
    before = READ_ONCE(load->handshake);
    mean = before;
    if (!mean) {
        mean = sample;
    } else {
        kept = load_decayed(mean > sample ? mean - sample : sample - mean, now - (__u32)(before >> 32));
        kept -= kept / 4;
        mean = mean > sample ? sample + kept : sample - kept;
    }
    // Two CPUs at a time lose one of their measurements.
    *(volatile __u64 *)&load->handshake = (__u64)now << 32 | (mean ? mean : 1);
}
