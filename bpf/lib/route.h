// What the kernel's routing tables know.
//
// Look-ups are made as if for a packet that the node itself sends: by the loopback device, whose `forwarding` setting
// the control plane turns on. So they work on nodes that do not route, and an address of the node answers as local.
#pragma once

#include <linux/in.h>

#include "packet.h"

#define LOOPBACK_INDEX 1 // in every network namespace
#define FAMILY_V4 2      // AF_INET, AF_INET6
#define FAMILY_V6 10

// Fills `fib` for a packet to `destination`. Returns BPF_FIB_LKUP_RET_…, or a negative errno.
static __always_inline long route_lookup(struct xdp_md *ctx, struct bpf_fib_lookup *fib, const void *source,
                                         const void *destination, __u8 v6, __u32 interface) {
    long result;

    __builtin_memset(fib, 0, sizeof(*fib));
    if (v6) {
        fib->family = FAMILY_V6;
        __builtin_memcpy(fib->ipv6_dst, destination, 16);
        if (source)
            __builtin_memcpy(fib->ipv6_src, source, 16);
    } else {
        fib->family = FAMILY_V4;
        __builtin_memcpy(&fib->ipv4_dst, destination, 4);
        if (source)
            __builtin_memcpy(&fib->ipv4_src, source, 4);
    }
    fib->ifindex = LOOPBACK_INDEX;
    result = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
    if (result == BPF_FIB_LKUP_RET_FWD_DISABLED) {
        // Somebody turned loopback's forwarding off again; where the node routes, the packet's interface serves as
        // well.
        fib->ifindex = interface;
        result = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
    }
    return result;
}

// Whether an address is the node's own, by the routing tables of this moment. Without a route, and on a node that
// forwards nothing, nothing is beyond the node, so the answer is yes and the stack has the last word. Takes the address
// in two words so that no pointer into the packet's description leaves the fast path.
__noinline int is_local_address(struct xdp_md *ctx, __u64 high, __u64 low, __u32 v6, __u32 interface) {
    __u64 address[2] = {high, low};
    __be32 v4 = v4_of(address);
    struct bpf_fib_lookup fib;
    long result;

    if (v6 ? (__u8)high == 0xff : (bpf_ntohl(v4) >> 28 == 14 || v4 == 0xffffffff))
        return 1;
    result = route_lookup(ctx, &fib, 0, v6 ? (const void *)address : &v4, v6, interface);
    return result == BPF_FIB_LKUP_RET_NOT_FWDED || result == BPF_FIB_LKUP_RET_FWD_DISABLED;
}

static __always_inline int is_local(struct xdp_md *ctx, const struct packet *p) {
    return is_local_address(ctx, p->destination[0], p->destination[1], p->v6, p->interface);
}
