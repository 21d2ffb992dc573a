// How it gets there: by layer 2 alone, or in an IP tunnel.
#pragma once

#include "frame.h"
#include "nexthop.h"
#include "toobig.h"

#define TUNNEL_TTL 64

// Outer IPv4 header. DSCP and ECN are the inner packet's (RFC 6040, section 4.1); DF is set, the identification 0
// (RFC 6864). Only what differs per packet is added to the checksum.
static __always_inline int outer4(const struct bounds *bounds, __u64 at, const struct packet *p,
                                  const struct backend *backend) {
    __u32 *word = (__u32 *)bytes_at(bounds, at, IPV4_HEADER);
    __u32 protocol = p->v6 ? PROTOCOL_IPV6 : PROTOCOL_IPIP;
    __u32 length = bpf_htons(p->ip_length + IPV4_HEADER);
    __u32 ttl = TUNNEL_TTL | protocol << 8;
    __u32 tos = (__u32)p->tos << 8;

    if (!word)
        return 0;
    word[0] = 0x45 | tos | length << 16;
    word[1] = 0x00400000;
    word[2] = ttl | (__u32)checksum_fold(backend->outer_sum + tos + length + ttl) << 16;
    word[3] = *(const __u32 *)backend->source;
    word[4] = *(const __u32 *)backend->address;
    return 1;
}

static __always_inline int outer6(const struct bounds *bounds, __u64 at, const struct packet *p,
                                  const struct backend *backend) {
    struct ipv6_header *ip = (struct ipv6_header *)bytes_at(bounds, at, IPV6_HEADER);

    if (!ip)
        return 0;
    ip->version_class_label = bpf_htonl(6u << 28 | (__u32)p->tos << 20);
    ip->payload_length = bpf_htons(p->ip_length);
    ip->next_header = p->v6 ? PROTOCOL_IPV6 : PROTOCOL_IPIP;
    ip->hop_limit = TUNNEL_TTL;
    __builtin_memcpy(ip->source, backend->source, 16);
    __builtin_memcpy(ip->destination, backend->address, 16);
    return 1;
}

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
                                   const struct backend *backend, __u32 method) {
    int tunnelled = method == FORWARD_IPIP;
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

    mtu = hop.mtu ? hop.mtu : in ? in->mtu : 0;
    if (unlikely(mtu && p->ip_length + outer > mtu))
        return forward_too_big(ctx, p, mtu - outer);

    same = outcome == CONTINUE && hop.interface == p->interface;
    at = frame_reframe(ctx, p, p->l3, outer, hop.ethernet, ethertype, same);
    if (!at)
        return OUTCOME_DROP_INTERNAL;
    if (tunnelled) {
        bounds = bounds_of(ctx);
        if (!(backend->flags & BACKEND_V6 ? outer6(&bounds, at, p, backend) : outer4(&bounds, at, p, backend)))
            return OUTCOME_DROP_INTERNAL;
    }
    if (unlikely(outcome == OUTCOME_REDIRECT_RESOLVE))
        return forward_resolve(ctx, p->cpu);
    if (likely(same))
        return OUTCOME_TX_FORWARDED;
    bpf_redirect(hop.interface, 0);
    return OUTCOME_REDIRECT_FORWARDED;
}
