// Backends' answers on their way out through the kernel: those of the node's own processes, and of what is behind its
// bridges and was routed.
//
// The kernel has done everything but put the VIP's name in place of the backend's. A local stack's checksum may yet
// have to be made, so the helpers that know about that do the sums.
#pragma once

#include "nat.h"

// The transport header's words: the address in place of which another came, and the port.
static __always_inline int leave_transport(struct __sk_buff *skb, const struct packet *p,
                                           const struct translation *to) {
    __u32 udp = p->protocol == IPPROTO_UDP, at = p->l4 + (udp ? UDP_CHECKSUM : TCP_CHECKSUM);
    __u64 mangled = udp ? BPF_F_MARK_MANGLED_0 : 0;
    __u16 port = to->source_port;
    __s64 change;

    if (p->protocol != IPPROTO_TCP && !udp)
        return 1;
    change = bpf_csum_diff((__be32 *)p->source, 16, (__be32 *)to->source, 16, 0);
    if (change < 0 || bpf_l4_csum_replace(skb, at, 0, change, BPF_F_PSEUDO_HDR | mangled) ||
        bpf_l4_csum_replace(skb, at, p->source_port, port, mangled | sizeof(port)))
        return 0;
    return !bpf_skb_store_bytes(skb, p->l4, &port, sizeof(port), 0);
}

static __always_inline int leave_header(struct __sk_buff *skb, const struct packet *p, const struct translation *to) {
    __be32 source = v4_of(to->source);

    if (p->v6)
        return !bpf_skb_store_bytes(skb, p->l3 + 8, to->source, 16, 0);
    return !bpf_l3_csum_replace(skb, p->l3 + 10, v4_of(p->source), source, sizeof(source)) &&
           !bpf_skb_store_bytes(skb, p->l3 + 12, &source, sizeof(source), 0);
}

// Whether what leaves may be a backend's answer at all.
static __always_inline int leave_translates(void) {
    struct view view;

    return view_now(&view) && view_tail(&view)->flags & IMAGE_TRANSLATES;
}

// Translates the packet in this CPU's workspace where it is an answer. True where it was one.
__noinline int leave(struct __sk_buff *skb, __u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct translation *entry;
    struct flow_key key;
    struct packet *p;

    if (!own)
        return 0;
    p = &own->packet;
    if (!has_ports(p->protocol) || p->flags & PACKET_SYN)
        return 0;
    if (p->flags & PACKET_LATER_FRAGMENT && fragment_follow(p) != CONTINUE)
        return 0;
    flow_key_of(&key, p);
    entry = bpf_map_lookup_elem(&translations, &key);
    // What was masqueraded comes back to the node's own address, and not out here.
    if (!entry || !(entry->flags & TRANSLATION_REPLY) || !translation_lives(entry, p->protocol) ||
        !same_address(entry->destination, p->destination) || entry->destination_port != p->destination_port)
        return 0;
    translation_use(own, entry);
    if (p->flags & PACKET_FIRST_FRAGMENT)
        fragment_remember(cpu);
    if (!(p->flags & PACKET_LATER_FRAGMENT) && !leave_transport(skb, p, &own->translation))
        return 1;
    leave_header(skb, p, &own->translation);
    return 1;
}
