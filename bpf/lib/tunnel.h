// The backend's side: taking off the tunnel header that a balancer put on.
//
// The outer packet needs no rule, or every backend would have to name its balancers; a rule that denies it is honoured.
// The inner packet is judged like any other, except that it is never balanced again (two balancers that are each
// other's backends would play ping-pong) and that nothing in it counts as link upkeep, which no tunnel carries.
//
// Outer UDP checksums are not verified: the packet inside has checksums of its own over everything that anybody looks
// at later, and adding up the payload would cost more than all the rest. Nor are inner Ethernet addresses looked at:
// the virtual network says whose packet it is.
#pragma once

#include "encapsulate.h"
#include "icmp.h"
#include "interface.h"
#include "policy.h"

#define GUE_VARIANT(first) ((first) >> 6)
#define GUE_CONTROL 0x20
#define GUE_LENGTH 0x1f // in words
#define GENEVE_VERSION(first) ((first) >> 6)
#define GENEVE_LENGTH 0x3f  // in words
#define GENEVE_CONTROL 0x80 // in the second byte
#define GENEVE_CRITICAL 0x40

#define ECN_MASK 3
#define ECN_NONE 0
#define ECN_ECT1 1
#define ECN_ECT0 2
#define ECN_CE 3

// Of which kind a packet is by what is outside: INTERFACE_DECAPSULATE_…, 0 where this interface takes off no such
// header.
static __always_inline __u32 tunnel_kind(const struct interface *in, const struct packet *p) {
    if (p->protocol == PROTOCOL_IPIP || p->protocol == PROTOCOL_IPV6)
        return in->flags & INTERFACE_DECAPSULATE_IPIP;
    if (p->protocol != IPPROTO_UDP)
        return 0;
    if (p->destination_port == in->gue_port)
        return in->flags & INTERFACE_DECAPSULATE_GUE;
    if (p->destination_port == in->vxlan_port)
        return in->flags & INTERFACE_DECAPSULATE_VXLAN;
    if (p->destination_port == in->geneve_port)
        return in->flags & INTERFACE_DECAPSULATE_GENEVE;
    return 0;
}

// The kind of a tunnel that ends at this node, 0 for all other packets.
static __always_inline __u32 tunnel_for_us(struct xdp_md *ctx, const struct interface *in, const struct packet *p,
                                           __u32 destination_value) {
    __u32 kind;

    if (!in || !(p->flags & PACKET_DECAPSULATE) || p->flags & PACKET_INNER)
        return 0;
    kind = tunnel_kind(in, p);
    return kind && (destination_value & ADDRESS_OWN || is_local(ctx, p)) ? kind : 0;
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

// The packet inside: where it begins, where it ends at the latest, and its IP version by what is outside of it.
struct content {
    __u64 at;
    __u64 end;
    __u32 version;
};

static __always_inline int content_of_ethertype(struct content *content, __be16 type) {
    if (type == bpf_htons(ETH_P_IP))
        content->version = 4;
    else if (type == bpf_htons(ETH_P_IPV6))
        content->version = 6;
    else
        return OUTCOME_DROP_TUNNEL; // VLAN tags, too: the virtual network is the only one
    return CONTINUE;
}

static __always_inline int content_of_ethernet(const struct bounds *bounds, struct content *content) {
    const struct ethernet *ethernet = bytes_at(bounds, content->at, ETH_HLEN);

    content->at += ETH_HLEN;
    return ethernet && content->at <= content->end ? content_of_ethertype(content, ethernet->type)
                                                   : OUTCOME_DROP_TUNNEL;
}

// Variant 0 has a header, variant 1 none: it is told by the version of the IP packet itself
// (draft-ietf-intarea-gue-09, sections 3 and 4).
static __always_inline int content_of_gue(const struct bounds *bounds, struct content *content) {
    const __u8 *gue = bytes_at(bounds, content->at, GUE_HEADER);

    if (!gue || content->at + GUE_HEADER > content->end)
        return OUTCOME_DROP_TUNNEL;
    if (GUE_VARIANT(gue[0]) == 1) {
        content->version = gue[0] >> 4;
        return content->version == 5 || content->version == 7 ? OUTCOME_DROP_TUNNEL : CONTINUE;
    }
    // Fields are announced by flags, of which none is known here.
    if (GUE_VARIANT(gue[0]) || gue[0] & (GUE_CONTROL | GUE_LENGTH) || gue[2] || gue[3])
        return OUTCOME_DROP_TUNNEL;
    content->at += GUE_HEADER;
    content->version = gue[1] == PROTOCOL_IPIP ? 4 : gue[1] == PROTOCOL_IPV6 ? 6 : 0;
    return CONTINUE;
}

static __always_inline int content_of_vxlan(const struct bounds *bounds, const struct packet *p,
                                            const struct interface *in, struct content *content) {
    const __u8 *vxlan = bytes_at(bounds, content->at, VXLAN_HEADER);

    if (!vxlan || content->at + VXLAN_HEADER > content->end || !(vxlan[0] & VXLAN_FLAG_VNI))
        return OUTCOME_DROP_TUNNEL;
    if (!vni_taken(p->view_base, in->vxlan_vnis.first, in->vxlan_vnis.count, vxlan[4] << 16 | vxlan[5] << 8 | vxlan[6]))
        return OUTCOME_DROP_TUNNEL_VNI;
    content->at += VXLAN_HEADER;
    return content_of_ethernet(bounds, content);
}

// Options that are not critical may be passed over.
static __always_inline int content_of_geneve(const struct bounds *bounds, const struct packet *p,
                                             const struct interface *in, struct content *content) {
    const __u8 *geneve = bytes_at(bounds, content->at, VXLAN_HEADER);
    __be16 type;

    if (!geneve || content->at + VXLAN_HEADER > content->end || GENEVE_VERSION(geneve[0]) ||
        geneve[1] & (GENEVE_CONTROL | GENEVE_CRITICAL))
        return OUTCOME_DROP_TUNNEL;
    if (!vni_taken(p->view_base, in->geneve_vnis.first, in->geneve_vnis.count,
                   geneve[4] << 16 | geneve[5] << 8 | geneve[6]))
        return OUTCOME_DROP_TUNNEL_VNI;
    type = geneve[2] | (__u32)geneve[3] << 8;
    content->at += VXLAN_HEADER + (geneve[0] & GENEVE_LENGTH) * 4;
    return type == bpf_htons(GENEVE_ETHERNET) ? content_of_ethernet(bounds, content)
                                              : content_of_ethertype(content, type);
}

static __always_inline int content_find(const struct bounds *bounds, const struct packet *p, const struct interface *in,
                                        __u32 kind, struct content *content) {
    const __be16 *udp;

    content->at = p->l4;
    content->end = p->l3 + p->ip_length;
    if (kind == INTERFACE_DECAPSULATE_IPIP) {
        content->version = p->protocol == PROTOCOL_IPV6 ? 6 : 4;
        return CONTINUE;
    }
    udp = bytes_at(bounds, content->at, UDP_HEADER);
    if (!udp)
        return OUTCOME_DROP_INTERNAL;
    content->end = content->at + bpf_ntohs(udp[2]);
    content->at += UDP_HEADER;
    if (kind == INTERFACE_DECAPSULATE_GUE)
        return content_of_gue(bounds, content);
    return kind == INTERFACE_DECAPSULATE_VXLAN ? content_of_vxlan(bounds, p, in, content)
                                               : content_of_geneve(bounds, p, in, content);
}

// Marks that routers on the way made on the outer header go to the inner one (RFC 6040, section 4.2).
static __always_inline int tunnel_congestion(const struct bounds *bounds, struct packet *p, __u8 outer) {
    __u16 *word = (__u16 *)bytes_at(bounds, p->l3, IPV4_HEADER), before;
    __u8 inner = p->tos & ECN_MASK;

    outer &= ECN_MASK;
    if (outer != ECN_CE && !(outer == ECN_ECT1 && inner == ECN_ECT0))
        return CONTINUE;
    if (inner == ECN_NONE)
        return OUTCOME_DROP_TUNNEL_ECN;
    if (inner == ECN_CE)
        return CONTINUE;
    if (!word)
        return OUTCOME_DROP_INTERNAL;
    p->tos = (p->tos & ~ECN_MASK) | outer;
    before = word[0];
    if (p->v6) {
        word[0] = (before & ~(ECN_MASK << 12)) | outer << 12;
        return CONTINUE;
    }
    word[0] = (before & ~(ECN_MASK << 8)) | outer << 8;
    word[5] = checksum_replace(word[5], before, word[0]);
    return CONTINUE;
}

// Makes the inner packet the packet.
static __always_inline int tunnel_open(struct xdp_md *ctx, struct packet *p, const struct interface *in, __u32 kind) {
    struct bounds bounds = bounds_of(ctx);
    const __u8 *frame = bytes_at(&bounds, 0, ETH_HLEN), *first;
    __u8 addresses[12], tos = p->tos;
    struct content content = {};
    __u32 length, at;
    int outcome;

    if (!frame)
        return OUTCOME_DROP_INTERNAL;
    if (p->flags & PACKET_FRAGMENT)
        return OUTCOME_DROP_TUNNEL;
    outcome = content_find(&bounds, p, in, kind, &content);
    if (outcome != CONTINUE)
        return outcome;
    first = bytes_at(&bounds, content.at, 1);
    if (!first || content.at >= content.end || *first >> 4 != content.version)
        return OUTCOME_DROP_TUNNEL;
    length = content.end - content.at;
    __builtin_memcpy(addresses, frame, 12);
    at = frame_reframe(ctx, p, content.at, 0, addresses,
                       content.version == 6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP), 1);
    if (!at)
        return OUTCOME_DROP_INTERNAL;
    p->l3 = at;
    p->frame_length = at + length;
    p->flags = PACKET_INNER;
    TRACE_FLAG(TRACE_DECAPSULATED);
    bounds = bounds_of(ctx);
    outcome = content.version == 6 ? parse_ipv6(&bounds, p) : parse_ipv4(&bounds, p);
    if (outcome == CONTINUE)
        outcome = tunnel_congestion(&bounds, p, tos);
    if (outcome == CONTINUE)
        outcome = parse_transport(&bounds, p);
    return outcome == OUTCOME_PASS_UPKEEP ? OUTCOME_DROP_TUNNEL : outcome;
}
