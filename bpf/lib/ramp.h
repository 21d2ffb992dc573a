// Backends that come and go by the clock, without anybody who would have to act: one that is new takes up its share
// slowly, one that drains gets nothing any more when its time is up.
//
// The slots of a new backend are marked, and their previous owners are known: while it ramps, some of the new
// connections still go there, and each is remembered where it went. Which ones, the flow's hash says.
#pragma once

#include "arena.h"

#define RAMP_WHOLE 65536
#define RAMP_FIRST (RAMP_WHOLE / 10)

static __always_inline __u32 boot_seconds(void) { return bpf_ktime_get_ns() / 1000000000; }

static __always_inline int drain_ended(const struct backend *backend) {
    return backend->drain_end && boot_seconds() >= backend->drain_end;
}

// Whether a new connection is one of those that a backend takes at this point of its ramp.
static __always_inline int ramp_takes(const struct backend *backend, __u32 hash) {
    __u32 ramp = backend->ramp_seconds, passed;

    if (likely(!ramp))
        return 1;
    passed = boot_seconds() - backend->ramp_start;
    if (passed >= ramp)
        return 1;
    return (hash_mix(hash) & (RAMP_WHOLE - 1)) < RAMP_FIRST + (__u64)(RAMP_WHOLE - RAMP_FIRST) * passed / ramp;
}
