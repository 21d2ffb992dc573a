// How it gets there: by layer 2 alone, or in a tunnel.
#pragma once

#include "balance.h"
#include "encapsulate.h"
#include "nexthop.h"
#include "toobig.h"

// Leaves the packet to `sluice_resolve`. Where the driver has no room for the note nobody could send the packet.
static __always_inline int forward_resolve(struct xdp_md *ctx, __u32 cpu) {
    const struct workspace *own = workspace_of(cpu);
    struct resolve *note;

    if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*note)))
        return OUTCOME_DROP_NO_ROUTE;
    note = (void *)(long)ctx->data_meta;
    if (!own || (void *)(note + 1) > (void *)(long)ctx->data)
        return OUTCOME_DROP_INTERNAL;
    *note = own->resolve;
    return OUTCOME_REDIRECT_RESOLVE;
}

static __always_inline int forward_too_big(struct xdp_md *ctx, struct packet *p, __u32 mtu) {
    if (config.dry_run)
        return OUTCOME_DROP_TOO_BIG;
    workspace_put(p);
    if (too_big_answer(ctx, p, mtu))
        p->flags |= PACKET_ANSWERED;
    return OUTCOME_DROP_TOO_BIG;
}

// Sends the packet to the backend.
static __always_inline int forward(struct xdp_md *ctx, struct packet *p, const struct interface *in,
                                   const struct backend *backend, const struct service *service) {
    __u32 method = service->forward;
    int tunnelled = method != FORWARD_DIRECT;
    __u32 outer = !tunnelled ? 0 : backend->flags & BACKEND_V6 ? IPV6_HEADER : IPV4_HEADER;
    __be16 ethertype = (tunnelled ? backend->flags & BACKEND_V6 : p->v6) ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
    struct hop hop;
    struct bounds bounds;
    __u32 mtu, at;
    int same, outcome = nexthop_find(ctx, p, in, backend, tunnelled, &hop);

    if (outcome != CONTINUE && outcome != OUTCOME_REDIRECT_RESOLVE)
        return outcome;
    TRACE_FLAG(TRACE_NEXTHOP);
    TRACE(nexthop_index, hop.interface);
    if (config.dry_run)
        __builtin_memcpy(trace.nexthop_mac, hop.ethernet, 6);

    if (unlikely(is_udp_tunnel(method)))
        outer += udp_tunnel_bytes(method);
    mtu = hop.mtu ? hop.mtu : in ? in->mtu : MTU_ANY;
    if (service->mtu < mtu)
        mtu = service->mtu;
    if (unlikely(p->ip_length + outer > mtu))
        return forward_too_big(ctx, p, mtu - outer);

    same = outcome == CONTINUE && hop.interface == p->interface;
    at = frame_reframe(ctx, p, p->l3, outer, hop.ethernet, ethertype, same);
    if (!at)
        return OUTCOME_DROP_INTERNAL;
    if (unlikely(is_udp_tunnel(method))) {
        if (!encapsulate_udp(ctx, backend, service, at, flow_hash(p)))
            return OUTCOME_DROP_INTERNAL;
    } else if (tunnelled) {
        bounds = bounds_of(ctx);
        if (!outer_ip(&bounds, at, backend, p->tos, p->ip_length, p->v6 ? PROTOCOL_IPV6 : PROTOCOL_IPIP))
            return OUTCOME_DROP_INTERNAL;
    }
    if (unlikely(outcome == OUTCOME_REDIRECT_RESOLVE))
        return forward_resolve(ctx, p->cpu);
    if (likely(same))
        return OUTCOME_TX_FORWARDED;
    bpf_redirect(hop.interface, 0);
    return OUTCOME_REDIRECT_FORWARDED;
}
