// The verdict: what becomes of a well-formed IP packet. The fast path is here: a packet to a service's port.
#pragma once

#include "balance.h"
#include "beyond.h"
#include "forward.h"
#include "nat.h"
#include "policy.h"
#include "quic.h"
#include "service.h"
#include "unavailable.h"

// Instead of an outcome: the service forwards by `nat`, which is a program of its own.
#define TRANSLATE (-2)

// Leaves the packet to sluice_translate.
static __always_inline int judge_translated(const struct packet *p, const struct frontend *frontend,
                                            __u32 service_index) {
    struct workspace *own = workspace_of(p->cpu);

    if (!own)
        return OUTCOME_DROP_INTERNAL;
    own->packet = *p;
    own->service = service_index;
    own->target = frontend->target;
    return TRANSLATE;
}

// The entry for clients of the source's zone, of a service that has variants. Rare, so it costs others one test.
static __always_inline __u32 zone_variant(const struct view *view, const struct service *service, __u32 service_index,
                                          __u32 source_value) {
    const struct service_detail *detail = line_at(view, view_tail(view)->details_line + service_index);
    __u32 zone = view_paged(view, detail->zones_base, source_value & ADDRESS_CLASS);

    return zone ? service->variants + zone - 1 : service_index;
}

// A packet of a flow to a service's frontend.
static __always_inline int judge_service(struct xdp_md *ctx, const struct view *view, struct packet *p,
                                         const struct interface *in, const struct frontend *frontend) {
    __u32 source_value = address_value(view, p->source, p->v6), cell, index = BACKEND_NONE;
    __u32 service_index = frontend->service;
    const struct service *service;
    const struct backend *backend;

    TRACE(source_value, source_value);
    if (unlikely(source_value & ADDRESS_OWN))
        return OUTCOME_DROP_MALFORMED;
    cell = policy_cell(view, frontend->subject, source_value);
    TRACE(subject, frontend->subject);
    TRACE(service, frontend->service);
    TRACE_FLAG(TRACE_SERVICE);
    if (unlikely(!policy_judge(p, cell)))
        return policy_refusal(p, cell);
    service = line_at(view, view->head->services_line + service_index);
    if (unlikely(service->variants)) {
        service_index = zone_variant(view, service, service_index, source_value);
        service = line_at(view, view->head->services_line + service_index);
    }
    p->service_counter = service->counter;
    p->flags |= PACKET_SERVICE;
    if (unlikely(service->forward == FORWARD_NAT))
        return judge_translated(p, frontend, service_index);
    if (unlikely(service->flags & SERVICE_QUIC))
        index = quic_backend(ctx, service, service_index, p);
    if (likely(index == BACKEND_NONE))
        index = balance(view, service, service_index, p);
    if (unlikely(index == BACKEND_NONE))
        return unavailable(ctx, p, service);
    backend = backend_at(view, index);
    p->backend_slot = backend->slot;
    p->flags |= PACKET_BACKEND;
    return forward(ctx, p, in, backend, service);
}

// Any packet, described in this CPU's workspace.
static __always_inline int judge(struct xdp_md *ctx, const struct view *view, struct packet *p,
                                 const struct interface *in) {
    const struct frontend *frontend = 0;
    int outcome;

    if (balanced_protocol(p) && !(p->flags & PACKET_LATER_FRAGMENT))
        frontend = service_find(view, p->destination, p->protocol, p->destination_port);
    if (!frontend) {
        if (view_tail(view)->flags & IMAGE_TRANSLATES) {
            outcome = nat_reply(ctx, p->cpu);
            if (outcome != CONTINUE)
                return outcome;
        }
        outcome = beyond(ctx, p->cpu);
        if (outcome != CONTINUE)
            return outcome;
        frontend = service_find(view, p->destination, p->protocol, p->destination_port);
        if (!frontend)
            return OUTCOME_DROP_INTERNAL;
    }
    return judge_service(ctx, view, p, in, frontend);
}
