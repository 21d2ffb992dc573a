// What is settled before the programs are loaded, and the one word that changes while they run.
#pragma once

#include <linux/types.h>

#define INTERFACE_SLOTS 64

// `const volatile` in the programs: the verifier treats these as constants and removes what they switch off.
//
// Counters are one plain array, `counter_stride` entries per CPU: outcomes by interface, then rules by interface, then
// services, then backends, then what QUIC services could not route. Next hops are one plain array, `backend_room`
// entries per CPU. Per CPU by hand, because plain memory needs no helper on any kernel and can be read through mmap.
struct load_config {
    __u32 counter_stride;
    __u32 rule_base;
    __u32 rule_room; // rules per interface slot
    __u32 service_base;
    __u32 service_room;
    __u32 backend_base;
    __u32 backend_room;  // also the number of next hops per CPU
    __u32 dry_run;       // 1: decide and report, but change no table, count nothing, send no event
    __u32 arena_mask;    // lines of the arena - 1, their number being a power of two
    __u32 counter_count; // of all CPUs together
    __u32 nexthop_count; // of all CPUs together
    __u32 new_flows;     // that a CPU remembers in a second, where the image does not say
    __u64 netns_cookie;  // of the instance's network namespace, see CLIENTS_NODE
    __u32 quic_base;     // as many as services
    __u32 pad;
};

// In a data section, mapped by the control plane.
struct control {
    __u32 generation;          // 0 or 1: which half of the arena packets use
    __u32 half_lines;          // lines in a half
    __u32 ticks_per_second;    // of the kernel's jiffies
    __u32 settled;             // generation after whose flip a grace period has passed
    __u32 events_per_second;   // per CPU
    __u32 too_big_per_second;  // ICMP "too big" answers per CPU
    __u32 refusals_per_second; // answers of services without a backend, per CPU
    __u32 epoch_shift;         // jiffies >> epoch_shift: the epoch, see struct load
    __u32 pad[8];
};

_Static_assert(sizeof(struct load_config) == 64, "load_config");
_Static_assert(sizeof(struct control) == 64, "control");

struct counter {
    __u64 packets;
    __u64 bytes; // of whole frames as they came in
};
