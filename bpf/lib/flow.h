// What must be remembered, and the little that policy adds to it.
//
// `tracked`: flows that the node opened, so that their replies get in. `inbound`: datagram flows that a peer opened and
// policy allowed, so that the node's answers are not taken for flows it opened (else revoking the rule would not cut
// them). `connections` is connection.h's.
#pragma once

#include <linux/in.h>

#include "parse.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 131072);
    __type(key, struct flow_key);
    __type(value, struct tracked);
} tracked SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct flow_key);
    __type(value, struct tracked);
} inbound SEC(".maps");

static __always_inline __u64 ticks(__u32 seconds) { return (__u64)seconds * control.ticks_per_second; }

static __always_inline int older_than(__u64 seen, __u32 seconds) { return bpf_jiffies64() - seen > ticks(seconds); }

static __always_inline void flow_key_of(struct flow_key *key, const struct packet *p) {
    key->source[0] = p->source[0];
    key->source[1] = p->source[1];
    key->destination[0] = p->destination[0];
    key->destination[1] = p->destination[1];
    key->source_port = p->source_port;
    key->destination_port = p->destination_port;
    key->protocol = p->protocol;
    key->pad[0] = key->pad[1] = key->pad[2] = 0;
}

static __always_inline void flow_key_reverse(struct flow_key *key, const struct packet *p) {
    key->source[0] = p->destination[0];
    key->source[1] = p->destination[1];
    key->destination[0] = p->source[0];
    key->destination[1] = p->source[1];
    key->source_port = p->destination_port;
    key->destination_port = p->source_port;
    key->protocol = p->protocol;
    key->pad[0] = key->pad[1] = key->pad[2] = 0;
}

static __always_inline __u32 tracked_lifetime(__u8 protocol, __u32 state) {
    if (protocol != IPPROTO_TCP)
        return TRACKED_OTHER_SECONDS;
    return state == TRACKED_OPENING   ? TRACKED_OPENING_SECONDS
           : state == TRACKED_CLOSING ? TRACKED_CLOSING_SECONDS
                                      : TRACKED_TCP_SECONDS;
}

// Whether the packet, or the packet that an ICMP error quotes, belongs to a flow that the node opened.
static __always_inline int flow_is_reply(const struct packet *p) {
    struct flow_key key;
    struct tracked *flow;

    if (is_icmp(p) && !is_echo_reply(p) && !(p->flags & PACKET_ICMP_ERROR))
        return 0;
    // A reply never opens a connection.
    if (p->flags & PACKET_SYN)
        return 0;
    flow_key_of(&key, p);
    flow = bpf_map_lookup_elem(&tracked, &key);
    if (!flow || older_than(flow->seen, tracked_lifetime(p->protocol, flow->state)))
        return 0;
    if (config.dry_run || p->flags & PACKET_ICMP_ERROR)
        return 1;
    flow->seen = bpf_jiffies64();
    if (p->flags & PACKET_CLOSING)
        flow->state = TRACKED_CLOSING;
    else if (flow->state == TRACKED_OPENING)
        flow->state = TRACKED_OPEN;
    return 1;
}

// Remembers a datagram flow that policy let in.
static __always_inline void flow_note_inbound(const struct packet *p) {
    struct tracked fresh = {.seen = bpf_jiffies64()}, *known;
    struct flow_key key;

    if (config.dry_run || p->protocol == IPPROTO_TCP || is_icmp(p))
        return;
    flow_key_of(&key, p);
    known = bpf_map_lookup_elem(&inbound, &key);
    if (known)
        known->seen = fresh.seen;
    else
        bpf_map_update_elem(&inbound, &key, &fresh, BPF_ANY);
}

// A packet leaves the node: does it open a flow whose replies must get in?
static __always_inline void flow_note_outbound(const struct packet *p) {
    struct tracked fresh = {.seen = bpf_jiffies64()}, *known;
    struct flow_key reply;

    if (p->flags & PACKET_LATER_FRAGMENT)
        return;
    if (p->protocol == IPPROTO_TCP && !(p->flags & (PACKET_SYN | PACKET_CLOSING)))
        return;
    if (is_icmp(p) && !is_echo_request(p))
        return;
    flow_key_reverse(&reply, p);
    known = bpf_map_lookup_elem(&tracked, &reply);
    if (p->protocol == IPPROTO_TCP) {
        if (p->flags & PACKET_CLOSING) {
            if (known && !older_than(known->seen, tracked_lifetime(p->protocol, known->state))) {
                known->state = TRACKED_CLOSING;
                known->seen = fresh.seen;
            }
            return;
        }
    } else if (known && !older_than(known->seen, TRACKED_OTHER_SECONDS)) {
        known->seen = fresh.seen;
        return;
    } else if (!is_echo_request(p)) {
        // Likely an answer, where a peer opened the flow and was let in.
        struct tracked *opened;

        opened = bpf_map_lookup_elem(&inbound, &reply);
        if (opened && !older_than(opened->seen, TRACKED_OTHER_SECONDS)) {
            opened->seen = fresh.seen;
            return;
        }
    }
    bpf_map_update_elem(&tracked, &reply, &fresh, BPF_ANY);
}
