// May it: one cell per (subject, source class), compiled from all rules.
//
// The cell names the rule that decides, so every verdict can be accounted to it; slot 0 is the file's default.
#pragma once

#include "address.h"
#include "route.h"

static __always_inline __u32 policy_cell(const struct view *view, __u32 subject, __u32 source_value) {
    return view_paged(view, subject, source_value & ADDRESS_CLASS);
}

// Puts a verdict on record. True where it allows.
static __always_inline int policy_judge(struct packet *p, __u32 cell) {
    p->cell = cell;
    p->flags |= PACKET_JUDGED;
    TRACE_FLAG(TRACE_POLICY);
    TRACE(cell, cell);
    return cell & CELL_ALLOW;
}

static __always_inline int policy_refusal(struct packet *p, __u32 cell) {
    if (cell & CELL_SOURCE) {
        // No rule was asked.
        p->flags &= ~PACKET_JUDGED;
        return OUTCOME_DROP_SOURCE;
    }
    return cell & CELL_RULE ? OUTCOME_DROP_POLICY : OUTCOME_DROP_DEFAULT;
}

static __always_inline __u32 port_class_of(const struct view *view, const struct image_tail *tail, __u8 protocol,
                                           __u16 selector) {
    __u32 word = view_word(view, tail->protocols_line, protocol);

    return word & PROTOCOL_CONSTANT ? word & ~PROTOCOL_CONSTANT : view_paged(view, word, selector);
}

static __always_inline __u32 port_class(const struct view *view, const struct image_tail *tail,
                                        const struct packet *p) {
    return port_class_of(view, tail, p->protocol, p->selector);
}

// The verdict on a packet that is for no service. The node and what lies beyond it are different subjects; the route
// look-up that tells them apart is made only where their verdicts differ.
static __always_inline __u32 policy_cell_beyond_services(struct xdp_md *ctx, const struct view *view,
                                                         const struct packet *p, __u32 source_value,
                                                         __u32 destination_value) {
    const struct image_tail *tail = view_tail(view);
    __u32 destination = destination_value & ADDRESS_CLASS, ports, subject, node, transit;

    ports = port_class(view, tail, p);
    subject = view_paged(view, view_paged(view, tail->node_base, destination), ports);
    node = policy_cell(view, subject, source_value);
    TRACE(port_class, ports);
    TRACE(subject, subject);
    subject = view_paged(view, view_paged(view, tail->transit_base, destination), ports);
    transit = policy_cell(view, subject, source_value);
    if (node == transit && !config.dry_run)
        return node;
    if (is_local(ctx, p)) {
        TRACE_FLAG(TRACE_NODE);
        return node;
    }
    TRACE_FLAG(TRACE_TRANSIT);
    TRACE(subject, subject);
    return transit;
}
