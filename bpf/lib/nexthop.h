// Where to send it: the interface and Ethernet addresses on the way to a backend.
//
// The kernel's answer is dear (about 90 ns for IPv4, 200 for IPv6), so it is kept per backend and CPU for a second; one
// entry per CPU means no packet reads half of what another CPU is writing. Where the neighbour is not known, the packet
// is handed to the kernel's stack by way of `sluice_resolve`, which queues it behind the resolution.
#pragma once

#include "arena.h"
#include "flow.h"
#include "interface.h"
#include "route.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct nexthop)); // times config.nexthop_count; one element, like the arena
} nexthops SEC(".maps");

// Leaves the kernel's answer in the workspace. Returns OUTCOME_REDIRECT_RESOLVE where the kernel must send the packet:
// the neighbour is yet to be resolved, or the way leads through an interface that is none of the file's, such as a
// bridge or a container's veth, which need not take frames from XDP.
static __always_inline int nexthop_take(struct workspace *own, const struct view *view,
                                        const struct bpf_fib_lookup *fib, long result) {
    struct hop *hop = &own->hop;

    if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH)
        return OUTCOME_DROP_NO_ROUTE;
    hop->interface = fib->ifindex;
    hop->mtu = result == BPF_FIB_LKUP_RET_SUCCESS ? fib->mtu_result : 0;
    hop->beyond = !interface_find(view, fib->ifindex);
    if (result == BPF_FIB_LKUP_RET_SUCCESS && !hop->beyond) {
        __builtin_memcpy(hop->ethernet, fib->dmac, 6);
        __builtin_memcpy(hop->ethernet + 6, fib->smac, 6);
        return CONTINUE;
    }
    __builtin_memset(hop->ethernet, 0, sizeof(hop->ethernet));
    // The look-up has put the gateway, where there is one, in the destination's place.
    own->resolve.magic = RESOLVE_MAGIC;
    own->resolve.interface = fib->ifindex;
    own->resolve.family = fib->family;
    __builtin_memcpy(own->resolve.address, fib->ipv6_dst, 16);
    return OUTCOME_REDIRECT_RESOLVE;
}

// Asks the kernel how the packet in this CPU's workspace gets to the backend. A function of its own: it is called once
// a second per backend and CPU, and needs stack.
__noinline int nexthop_ask(struct xdp_md *ctx, const struct backend *backend, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct bpf_fib_lookup fib;
    struct view view;
    long result;

    if (!backend || !own || !view_at(&view, own->packet.view_base))
        return OUTCOME_DROP_INTERNAL;
    // Where the method has no source, the address there is 0, which stands for any.
    result =
        route_lookup(ctx, &fib, backend->source, backend->address, backend->flags & BACKEND_V6, own->packet.interface);
    return nexthop_take(own, &view, &fib, result);
}

static __always_inline void nexthop_fixed(const struct interface *in, const __u8 destination[6], struct hop *hop) {
    __builtin_memcpy(hop->ethernet, destination, 6);
    __builtin_memcpy(hop->ethernet + 6, in->mac, 6);
    hop->mtu = in->mtu;
    hop->beyond = 0;
    hop->interface = in->index;
}

// This CPU's cached next hop of a backend.
static __always_inline struct nexthop *nexthop_cached(const struct packet *p, const struct backend *backend) {
    __u32 zero = 0, at = p->cpu * config.backend_room + backend->slot;
    struct nexthop *all = bpf_map_lookup_elem(&nexthops, &zero);

    return all && at < config.nexthop_count ? all + at : 0;
}

// Where a packet for `backend` goes next. `in` is the interface it came from, NULL where that is not one of ours.
static __always_inline int nexthop_find(struct xdp_md *ctx, const struct packet *p, const struct interface *in,
                                        const struct backend *backend, int tunnelled, struct hop *hop) {
    struct nexthop *cached;
    struct workspace *own;
    int outcome;

    if (tunnelled ? in && in->flags & INTERFACE_FIXED_HOP : in && backend->flags & BACKEND_MAC) {
        nexthop_fixed(in, tunnelled ? in->next_hop : backend->mac, hop);
        return CONTINUE;
    }
    cached = nexthop_cached(p, backend);
    if (likely(cached && cached->tag == backend->tag && !older_than(cached->filled, NEXTHOP_SECONDS))) {
        __builtin_memcpy(hop->ethernet, cached->ethernet, 12);
        hop->mtu = cached->mtu;
        hop->beyond = 0;
        hop->interface = cached->index;
        return CONTINUE;
    }
    workspace_put(p);
    outcome = nexthop_ask(ctx, backend, p->cpu);
    own = workspace_of(p->cpu);
    if (!own)
        return OUTCOME_DROP_INTERNAL;
    *hop = own->hop;
    if (outcome == CONTINUE && cached && !config.dry_run) {
        __builtin_memcpy(cached->ethernet, hop->ethernet, 12);
        cached->mtu = hop->mtu;
        cached->index = hop->interface;
        cached->filled = bpf_jiffies64();
        cached->tag = backend->tag;
    }
    return outcome;
}
