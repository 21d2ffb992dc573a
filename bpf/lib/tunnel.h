// The backend's side: taking off the tunnel header that a balancer put on.
//
// The outer packet needs no rule, or every backend would have to name its balancers; a rule that denies it is honoured.
// The inner packet is judged like any other, except that it is never balanced again (two balancers that are each
// other's backends would play ping-pong) and that nothing in it counts as link upkeep, which no tunnel carries.
#pragma once

#include "frame.h"
#include "policy.h"

static __always_inline int tunnel_for_us(struct xdp_md *ctx, const struct packet *p, __u32 destination_value) {
    if (!(p->flags & PACKET_DECAPSULATE) || p->flags & PACKET_INNER)
        return 0;
    if (p->protocol != PROTOCOL_IPIP && p->protocol != PROTOCOL_IPV6)
        return 0;
    return destination_value & ADDRESS_OWN || is_local(ctx, p);
}

// Where the rules say no to the outer packet: the refusing cell's outcome, else CONTINUE.
static __always_inline int tunnel_denied(const struct view *view, struct packet *p, __u32 source_value,
                                         __u32 destination_value) {
    const struct image_tail *tail = view_tail(view);
    __u32 cell, subject;

    subject = view_paged(view, view_paged(view, tail->node_base, destination_value & ADDRESS_CLASS),
                         port_class(view, tail, p));
    cell = policy_cell(view, subject, source_value);
    if (cell & CELL_ALLOW || !(cell & CELL_RULE))
        return CONTINUE;
    policy_judge(p, cell);
    return OUTCOME_DROP_POLICY;
}

// Makes the inner packet the packet.
static __always_inline int tunnel_open(struct xdp_md *ctx, struct packet *p) {
    __u32 inner = p->l3 + p->ip_length - p->l4, at;
    int v6 = p->protocol == PROTOCOL_IPV6, outcome;
    struct bounds bounds = bounds_of(ctx);
    const __u8 *frame = bytes_at(&bounds, 0, ETH_HLEN), *first = bytes_at(&bounds, p->l4, 1);
    __u8 addresses[12];

    if (!frame)
        return OUTCOME_DROP_INTERNAL;
    if (p->flags & PACKET_FRAGMENT || !first || !inner || *first >> 4 != (v6 ? 6 : 4))
        return OUTCOME_DROP_TUNNEL;
    __builtin_memcpy(addresses, frame, 12);
    at = frame_reframe(ctx, p, p->l4, 0, addresses, v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP), 1);
    if (!at)
        return OUTCOME_DROP_INTERNAL;
    p->l3 = at;
    p->frame_length = at + inner;
    p->flags = PACKET_INNER;
    TRACE_FLAG(TRACE_DECAPSULATED);
    bounds = bounds_of(ctx);
    outcome = v6 ? parse_ipv6(&bounds, p) : parse_ipv4(&bounds, p);
    if (outcome == CONTINUE)
        outcome = parse_transport(&bounds, p);
    return outcome == OUTCOME_PASS_UPKEEP ? OUTCOME_DROP_TUNNEL : outcome;
}
