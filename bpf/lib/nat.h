// By another destination address and port: what a client sends goes to the backend, and what the backend answers goes
// back in the VIP's name. Backends need no set-up; their answers must come by this node.
//
// Heavy compared with the other methods, so in functions of its own, on the packet's description in the CPU's
// workspace.
#pragma once

#include "address.h"
#include "forward.h"
#include "path.h"
#include "translate.h"
#include "translation.h"
#include "unavailable.h"

// Sends the packet in this CPU's workspace, whose next hop is there, as its translation says.
__noinline int nat_send(struct xdp_md *ctx, __u32 cpu, int outcome) {
    const struct workspace *own = workspace_of(cpu);
    __u32 hops = outcome == OUTCOME_PASS_FORWARDED ? 0 : 1;
    struct bounds bounds = bounds_of(ctx);
    const struct packet *p;
    __u8 *frame;
    int same, done;

    if (!own)
        return OUTCOME_DROP_INTERNAL;
    p = &own->packet;
    done = p->flags & PACKET_ICMP_ERROR ? translate_error(&bounds, p, &own->translation, hops)
                                        : translate_packet(&bounds, p, &own->translation, hops);
    if (!done)
        return OUTCOME_DROP_INTERNAL;
    if (outcome == OUTCOME_PASS_FORWARDED)
        return outcome;
    same = outcome == CONTINUE && own->hop.interface == p->interface;
    if (likely(same || p->l3 == ETH_HLEN)) {
        frame = (__u8 *)bytes_at(&bounds, 0, ETH_HLEN);
        if (!frame)
            return OUTCOME_DROP_INTERNAL;
        __builtin_memcpy(frame, own->hop.ethernet, 12);
    } else if (!frame_reframe(ctx, p, p->l3, 0, own->hop.ethernet, p->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP),
                              0)) {
        return OUTCOME_DROP_INTERNAL;
    }
    if (unlikely(outcome == OUTCOME_REDIRECT_RESOLVE))
        return forward_resolve(ctx, p->cpu);
    if (same)
        return OUTCOME_TX_FORWARDED;
    bpf_redirect(own->hop.interface, 0);
    return OUTCOME_REDIRECT_FORWARDED;
}

// The packet's way ends here, which its sender is told like one whose packet is too big, and at the same rate.
static __always_inline int nat_expire(struct xdp_md *ctx, struct packet *p) {
    struct workspace *own = workspace_rationed(p->cpu);

    if (config.dry_run || !own || own->too_big >= control.too_big_per_second)
        return OUTCOME_DROP_HOP_LIMIT;
    own->too_big++;
    if (icmp_error_answer(ctx, p->cpu, p->v6 ? ICMPV6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED, 0, 0))
        p->flags |= PACKET_ANSWERED;
    return OUTCOME_DROP_HOP_LIMIT;
}

// Whether the next hop takes the packet, and the service, whose MTU is `limit`: CONTINUE, or why not.
static __always_inline int nat_passable(struct xdp_md *ctx, struct workspace *own, const struct interface *in,
                                        __u32 limit) {
    struct packet *p = &own->packet;
    struct bounds bounds = bounds_of(ctx);
    const __u8 *at;
    __u32 mtu = own->hop.mtu ? own->hop.mtu : in ? in->mtu : MTU_ANY;

    TRACE_FLAG(TRACE_NEXTHOP);
    TRACE(nexthop_index, own->hop.interface);
    if (config.dry_run)
        __builtin_memcpy(trace.nexthop_mac, own->hop.ethernet, 6);
    at = bytes_at(&bounds, p->l3 + (p->v6 ? 7 : 8), 1);
    if (!at)
        return OUTCOME_DROP_INTERNAL;
    if (*at <= 1)
        return nat_expire(ctx, p);
    if (limit < mtu)
        mtu = limit;
    return p->ip_length > mtu ? forward_too_big(ctx, p, mtu) : CONTINUE;
}

// Chooses the translation of a new flow to `backend`.
static __always_inline int nat_open(struct workspace *own, const struct service *service, const struct backend *backend,
                                    __u16 target, int masquerade) {
    const struct packet *p = &own->packet;
    struct translation *to = &own->translation;

    __builtin_memset(to, 0, sizeof(*to));
    to->source[0] = p->source[0];
    to->source[1] = p->source[1];
    to->source_port = p->source_port;
    backend_address(to->destination, backend->address, p->v6);
    to->destination_port = target ? target : p->destination_port;
    to->seen = bpf_jiffies64();
    to->backend = backend->slot;
    to->tag = backend->tag;
    to->state = p->flags & PACKET_CLOSING ? TRACKED_CLOSING : p->flags & PACKET_SYN ? TRACKED_OPENING : TRACKED_OPEN;
    if (masquerade) {
        backend_address(to->source, backend->source, p->v6);
        if (!translation_masquerade(p->cpu, service->masquerade_first, service->masquerade_count, flow_hash(p)))
            return OUTCOME_DROP_NO_PORT;
    }
    translation_remember(p->cpu, !masquerade);
    return CONTINUE;
}

// The packet in the workspace is for a service, and allowed.
static __always_inline int nat_forward(struct xdp_md *ctx, const struct view *view, struct workspace *own) {
    const struct service *service = line_at(view, view->head->services_line + own->service);
    struct packet *p = &own->packet;
    const struct backend *backend;
    const struct interface *in;
    __u32 index, known;
    int outcome, check;

    index = translation_known(view, service, own);
    known = index != BACKEND_NONE;
    if (!known) {
        if (p->flags & PACKET_ICMP_ERROR)
            return OUTCOME_DROP_NO_FLOW;
        index = balance(view, service, own->service, p);
        if (index == BACKEND_NONE)
            return unavailable(ctx, p, service);
    } else {
        // What the service's scheduler goes by must hear of the packet, too.
        if (service->flags & SERVICE_STATEFUL)
            balance_flow(p->cpu, own->service);
        TRACE(backend, index);
        TRACE_FLAG(TRACE_BACKEND | TRACE_KNOWN);
    }
    backend = backend_at(view, index);
    if (!(backend->flags & BACKEND_V6) != !p->v6)
        return OUTCOME_DROP_NO_BACKEND;
    p->backend_slot = backend->slot;
    p->flags |= PACKET_BACKEND;

    in = interface_find(view, p->interface);
    if (backend->flags & BACKEND_OWN) {
        outcome = OUTCOME_PASS_FORWARDED;
    } else {
        outcome = nexthop_find(ctx, p, in, backend, 1, &own->hop);
        if (outcome != CONTINUE && outcome != OUTCOME_REDIRECT_RESOLVE)
            return outcome;
        check = nat_passable(ctx, own, in, service->mtu);
        if (check != CONTINUE)
            return check;
    }
    if (!known) {
        // What stays on the node, or goes out by a bridge of its own, comes home by the node anyway.
        int masquerade = service->masquerade_count && outcome != OUTCOME_PASS_FORWARDED && !own->hop.beyond;

        check = nat_open(own, service, backend, own->target, masquerade);
        if (check != CONTINUE)
            return check;
    }
    return nat_send(ctx, p->cpu, outcome);
}

// The key of the translation that the packet, or the one that it is an error about, has as a backend's answer.
static __always_inline int nat_reply_key(const struct bounds *bounds, struct packet *p, struct quote *quote,
                                         struct flow_key *key) {
    flow_key_of(key, p);
    if (!is_icmp_error(p))
        return has_ports(p->protocol) && !(p->flags & PACKET_SYN);
    if (p->flags & PACKET_FRAGMENT || !quote_read(bounds, p, quote))
        return 0;
    key->source[0] = quote->peer[0];
    key->source[1] = quote->peer[1];
    key->source_port = quote->source_port;
    key->destination_port = quote->destination_port;
    key->protocol = quote->protocol;
    return 1;
}

// Sends a backend's answer, or an error about what a backend was sent, to the client. CONTINUE where the packet in this
// CPU's workspace is neither.
__noinline int nat_reply(struct xdp_md *ctx, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct bounds bounds = bounds_of(ctx);
    const struct interface *in;
    struct translation *entry;
    struct flow_key key;
    struct packet *p;
    struct view view;
    struct quote quote;
    int outcome, check;

    if (!own || !view_at(&view, own->packet.view_base))
        return OUTCOME_DROP_INTERNAL;
    p = &own->packet;
    if (p->flags & PACKET_LATER_FRAGMENT && fragment_follow(p) != CONTINUE)
        return CONTINUE;
    if (!nat_reply_key(&bounds, p, &quote, &key))
        return CONTINUE;
    entry = bpf_map_lookup_elem(&translations, &key);
    if (!entry || !(entry->flags & TRANSLATION_REPLY) || !translation_lives(entry, key.protocol))
        return CONTINUE;
    // No answer comes from outside in the name of a backend that is this node.
    if (address_value(&view, p->source, p->v6) & ADDRESS_OWN)
        return CONTINUE;
    if (is_icmp_error(p))
        quote_apply(p, &quote);
    translation_use(own, entry);
    in = interface_find(&view, p->interface);
    outcome = path_find(ctx, own, in);
    if (outcome != CONTINUE && outcome != OUTCOME_REDIRECT_RESOLVE)
        return outcome;
    check = nat_passable(ctx, own, in, MTU_ANY);
    if (check != CONTINUE)
        return check;
    switch (nat_send(ctx, cpu, outcome)) {
    case OUTCOME_TX_FORWARDED:
        return OUTCOME_TX_REPLY;
    case OUTCOME_REDIRECT_FORWARDED:
        return OUTCOME_REDIRECT_REPLY;
    case OUTCOME_REDIRECT_RESOLVE:
        return OUTCOME_REDIRECT_REPLY_RESOLVE;
    case OUTCOME_DROP_NO_ROUTE:
        return OUTCOME_DROP_NO_ROUTE;
    }
    return OUTCOME_DROP_INTERNAL;
}
