// Where to send a backend's answer: the interface and Ethernet addresses on the way to a client.
//
// The kernel's answer is kept for a second, by the client's address, as those for backends are.
#pragma once

#include "nexthop.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, PATHS);
    __type(key, __u32);
    __type(value, struct path);
} paths SEC(".maps");

// Asks the kernel about the destination of the translation in this CPU's workspace.
__noinline int path_ask(struct xdp_md *ctx, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct bpf_fib_lookup fib;
    struct view view;
    __be32 v4;
    long result;

    if (!own || !view_at(&view, own->packet.view_base))
        return OUTCOME_DROP_INTERNAL;
    v4 = v4_of(own->translation.destination);
    result = route_lookup(ctx, &fib, 0, own->packet.v6 ? (const void *)own->translation.destination : &v4,
                          own->packet.v6, own->packet.interface);
    return nexthop_take(own, &view, &fib, result);
}

// Leaves the way in the workspace. `in` is the interface that the packet came from.
static __always_inline int path_find(struct xdp_md *ctx, struct workspace *own, const struct interface *in) {
    const __u64 *client = own->translation.destination;
    __u32 at = hash_key(client[0], client[1], 0) & (PATHS - 1);
    struct hop *hop = &own->hop;
    struct path *path;
    int outcome;

    if (in && in->flags & INTERFACE_FIXED_HOP) {
        nexthop_fixed(in, in->next_hop, hop);
        return CONTINUE;
    }
    path = bpf_map_lookup_elem(&paths, &at);
    if (path && path->hop.tag && same_address(path->address, client) &&
        !older_than(path->hop.filled, NEXTHOP_SECONDS)) {
        __builtin_memcpy(hop->ethernet, path->hop.ethernet, 12);
        hop->mtu = path->hop.mtu;
        hop->interface = path->hop.index;
        hop->beyond = 0;
        return CONTINUE;
    }
    outcome = path_ask(ctx, own->packet.cpu);
    if (outcome == CONTINUE && path && !config.dry_run) {
        path->address[0] = client[0];
        path->address[1] = client[1];
        __builtin_memcpy(path->hop.ethernet, hop->ethernet, 12);
        path->hop.mtu = hop->mtu;
        path->hop.index = hop->interface;
        path->hop.filled = bpf_jiffies64();
        path->hop.tag = 1;
    }
    return outcome;
}
