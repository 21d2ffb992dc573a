// Every packet is counted once, at the edge, under one outcome; and whatever rule, service or backend had a part in it
// is counted beside. Drops are shown to whoever listens, at a bounded rate.
#pragma once

#include "arena.h"
#include "fragment.h"
#include "packet.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct counter)); // times config.counter_count; one element, like the arena
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 262144);
} events SEC(".maps");

static __always_inline int outcome_action(__u32 outcome) {
#define PASS XDP_PASS
#define TX XDP_TX
#define REDIRECT XDP_REDIRECT
#define DROP XDP_DROP
    switch (outcome) {
#define X(symbol, swift, name, action, sentence)                                                                       \
    case OUTCOME_##symbol:                                                                                             \
        return action;
        SLUICE_OUTCOMES(X)
#undef X
    }
#undef PASS
#undef TX
#undef REDIRECT
#undef DROP
    return XDP_DROP;
}

static __always_inline void count(const struct packet *p, struct counter *all, __u32 index) {
    struct counter *counter;

    index += p->cpu * config.counter_stride;
    if (index >= config.counter_count)
        return;
    counter = all + index;
    counter->packets++;
    counter->bytes += p->bytes;
}

static __always_inline void count_all(const struct packet *p, __u32 outcome) {
    __u32 zero = 0;
    struct counter *all = bpf_map_lookup_elem(&counters, &zero);

    if (!all)
        return;
    count(p, all, p->interface_slot * OUTCOME_ROOM + outcome);
    if (p->flags & PACKET_JUDGED)
        count(p, all, config.rule_base + p->interface_slot * config.rule_room + (p->cell & CELL_RULE));
    if (p->flags & PACKET_SERVICE)
        count(p, all, config.service_base + p->service_counter);
    if (p->flags & PACKET_BACKEND && outcome_action(outcome) != XDP_DROP)
        count(p, all, config.backend_base + p->backend_slot);
}

// One counter beside what becomes of the packet.
static __always_inline void count_beside(const struct packet *p, __u32 index) {
    __u32 zero = 0;
    struct counter *all = bpf_map_lookup_elem(&counters, &zero);

    if (all && !config.dry_run)
        count(p, all, index);
}

// NOTICE_…
static __always_inline void count_notice(const struct packet *p, __u32 notice) {
    count_beside(p, p->interface_slot * OUTCOME_ROOM + notice);
}

// Sends the packet in this CPU's workspace to whoever listens.
__noinline int report_drop(__u32 cpu, __u32 outcome) {
    struct workspace *own = workspace_rationed(cpu);
    struct drop_event *event;
    const struct packet *p;

    if (!own || own->events >= control.events_per_second)
        return 0;
    own->events++;
    event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (!event)
        return 0;
    p = &own->packet;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_ns();
    event->interface = p->interface;
    event->length = p->bytes;
    if (p->flags & PACKET_JUDGED)
        event->rule = p->cell & CELL_RULE;
    if (p->flags & PACKET_ADDRESSED) {
        event->source[0] = p->source[0];
        event->source[1] = p->source[1];
        event->destination[0] = p->destination[0];
        event->destination[1] = p->destination[1];
        event->source_port = p->source_port;
        event->destination_port = p->destination_port;
        event->protocol = p->protocol;
    }
    event->outcome = outcome;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

// What the kernel is to do with a packet. One that `sluice_resolve` redirects must get to it first.
static __always_inline int outcome_verdict(__u32 outcome) {
    return outcome == OUTCOME_REDIRECT_RESOLVE || outcome == OUTCOME_REDIRECT_REPLY_RESOLVE ? XDP_PASS
                                                                                            : outcome_action(outcome);
}

// Puts the packet on the books and says what the kernel is to do with it.
static __always_inline int account(const struct packet *p, __u32 outcome) {
    int action = outcome_verdict(outcome);

    TRACE(outcome, outcome);
    if (config.dry_run)
        return action;
    count_all(p, outcome);
    if (likely(action != XDP_DROP && !(p->flags & PACKET_FIRST_FRAGMENT)))
        return action;
    workspace_put(p);
    if (action != XDP_DROP)
        fragment_remember(p->cpu);
    else
        report_drop(p->cpu, outcome);
    return p->flags & PACKET_ANSWERED ? XDP_TX : action;
}
