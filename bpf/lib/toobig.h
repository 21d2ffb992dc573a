// A packet that does not fit the tunnel to its backend is dropped, and its sender told what would fit: path MTU
// discovery then works as if the tunnel were a link (RFC 1191, RFC 8201). At a bounded rate.
#pragma once

#include "icmperror.h"

#define ICMP_FRAGMENTATION_NEEDED 4
#define MTU_MIN_V6 1280

// Turns the frame, described in this CPU's workspace, into the answer. True where one is to be sent.
static __always_inline int too_big_answer(struct xdp_md *ctx, const struct packet *p, __u32 mtu) {
    struct workspace *own = workspace_rationed(p->cpu);

    if (!own || own->too_big >= control.too_big_per_second)
        return 0;
    own->too_big++;
    if (!p->v6)
        return icmp_error_answer(ctx, p->cpu, ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, mtu);
    return icmp_error_answer(ctx, p->cpu, ICMPV6_TOO_BIG, 0, mtu < MTU_MIN_V6 ? MTU_MIN_V6 : mtu);
}
