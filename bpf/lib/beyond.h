// Packets that are for no service's port: to the node, through it, in a tunnel to it, or ICMP to a VIP.
//
// Off the fast path, so a function of its own, on the packet's description in the CPU's workspace.
#pragma once

#include "icmp.h"
#include "policy.h"
#include "service.h"
#include "tunnel.h"

// Whether a VIP is the node's own address as well: what is for none of its ports is then the node's affair. As of the
// last publish, because a VIP to which the node has no route looks the same to the routing tables.
static __always_inline int is_own_vip(__u32 destination_value) { return destination_value & ADDRESS_OWN; }

// ICMP echo to a VIP that answers it.
static __always_inline int beyond_echo(struct xdp_md *ctx, const struct view *view, struct packet *p,
                                       __u32 source_value) {
    const struct frontend *frontend = frontend_find(view, p->destination, p->protocol, 0);
    __u32 cell;

    // The code means nothing (RFC 792), so to rules it is always the one that is sent in practice.
    if (!frontend)
        frontend = wide_find(view, p->destination, p->protocol, p->selector & 0xff00);
    if (!frontend)
        return CONTINUE;
    if (p->flags & PACKET_FRAGMENT)
        return OUTCOME_DROP_FRAGMENT;
    cell = policy_cell(view, frontend->subject, source_value);
    TRACE(subject, frontend->subject);
    TRACE_FLAG(TRACE_ECHO);
    return policy_judge(p, cell) ? echo_answer(ctx, p) : policy_refusal(p, cell);
}

// An ICMP error to a VIP: makes the flow that it is about the packet's flow and marks the packet as one for a service.
// The client that the quote names must be allowed; the router that sends the error need not be.
static __always_inline int beyond_error(struct xdp_md *ctx, const struct view *view, struct packet *p, int own) {
    struct bounds bounds = bounds_of(ctx);
    const struct frontend *found;
    struct quote quote;

    if (p->flags & PACKET_FRAGMENT)
        return own ? CONTINUE : OUTCOME_DROP_FRAGMENT;
    if (!quote_read(&bounds, p, &quote))
        return own ? CONTINUE : OUTCOME_DROP_MALFORMED;
    found = service_find(view, p->destination, quote.protocol, quote.destination_port);
    if (!found || found->service == FRONTEND_ECHO)
        return own ? CONTINUE : OUTCOME_DROP_NO_SERVICE;
    quote_apply(p, &quote);
    return CONTINUE;
}

// Whether a packet that no rule allows belongs to a flow that the node opened.
static __always_inline int beyond_reply(struct xdp_md *ctx, struct packet *p) {
    struct bounds bounds = bounds_of(ctx);
    struct quote quote;

    if (is_icmp_error(p)) {
        if (p->flags & PACKET_FRAGMENT || !quote_read(&bounds, p, &quote))
            return 0;
        quote_apply(p, &quote);
    }
    return flow_is_reply(p);
}

// A packet to the node, or through it.
static __always_inline int beyond_services(struct xdp_md *ctx, const struct view *view, struct packet *p,
                                           __u32 source_value, __u32 destination_value) {
    __u32 cell;

    if (destination_value & ADDRESS_VIP && !is_own_vip(destination_value))
        return OUTCOME_DROP_NO_SERVICE;
    cell = policy_cell_beyond_services(ctx, view, p, source_value, destination_value);
    if (policy_judge(p, cell)) {
        flow_note_inbound(p);
        return cell & CELL_RULE ? OUTCOME_PASS_ALLOWED : OUTCOME_PASS_DEFAULT;
    }
    if (!beyond_reply(ctx, p))
        return policy_refusal(p, cell);
    p->flags &= ~PACKET_JUDGED;
    return OUTCOME_PASS_REPLY;
}

// The source's value, and the ports where they are in another packet.
static __always_inline int beyond_source(const struct view *view, struct packet *p, __u32 *source_value) {
    *source_value = address_value(view, p->source, p->v6);
    TRACE(source_value, *source_value);
    if (*source_value & ADDRESS_OWN)
        return OUTCOME_DROP_MALFORMED;
    return p->flags & PACKET_LATER_FRAGMENT ? fragment_follow(p) : CONTINUE;
}

// The outcome of the packet in this CPU's workspace, or CONTINUE where it turned out to be for a service: an ICMP error
// about a balanced flow, or a later fragment of one.
__noinline int beyond(struct xdp_md *ctx, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    __u32 source_value, destination_value, tunnel;
    const struct interface *in;
    struct packet *p;
    struct view view;
    int outcome;

    if (!own || !view_at(&view, own->packet.view_base))
        return OUTCOME_DROP_INTERNAL;
    p = &own->packet;
    outcome = beyond_source(&view, p, &source_value);
    if (outcome != CONTINUE)
        return outcome;
    if (p->flags & PACKET_LATER_FRAGMENT && balanced_protocol(p) &&
        service_find(&view, p->destination, p->protocol, p->destination_port))
        return CONTINUE;

    destination_value = address_value(&view, p->destination, p->v6);
    in = interface_find(&view, p->interface);
    tunnel = tunnel_for_us(ctx, in, p, destination_value);
    if (in && tunnel) {
        outcome = tunnel_denied(&view, p, source_value, destination_value);
        if (outcome == CONTINUE)
            outcome = tunnel_open(ctx, p, in, tunnel);
        if (outcome == CONTINUE)
            outcome = beyond_source(&view, p, &source_value);
        if (outcome != CONTINUE)
            return outcome;
        destination_value = address_value(&view, p->destination, p->v6);
    } else if (destination_value & ADDRESS_VIP) {
        if (is_icmp_error(p))
            outcome = beyond_error(ctx, &view, p, is_own_vip(destination_value));
        else if (is_echo_request(p) && !is_own_vip(destination_value))
            outcome = beyond_echo(ctx, &view, p, source_value);
        if (outcome != CONTINUE || p->flags & PACKET_ICMP_ERROR)
            return outcome;
    }
    TRACE(destination_value, destination_value);
    return beyond_services(ctx, &view, p, source_value, destination_value);
}
