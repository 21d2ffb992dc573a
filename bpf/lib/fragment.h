// Later fragments carry no ports: they follow their first fragment, through the same policy to the same backend.
//
// Only a first fragment that was let through is remembered, so what policy refuses cannot fill the table.
#pragma once

#include "flow.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, struct fragment_key);
    __type(value, struct fragment);
} fragments SEC(".maps");

static __always_inline void fragment_key_of(struct fragment_key *key, const struct packet *p) {
    key->source[0] = p->source[0];
    key->source[1] = p->source[1];
    key->destination[0] = p->destination[0];
    key->destination[1] = p->destination[1];
    key->id = p->fragment_id;
    key->protocol = p->protocol;
    key->pad[0] = key->pad[1] = key->pad[2] = 0;
}

// Gives a later fragment its ports.
static __always_inline int fragment_follow(struct packet *p) {
    struct fragment_key key;
    struct fragment *first;

    fragment_key_of(&key, p);
    first = bpf_map_lookup_elem(&fragments, &key);
    if (!first || older_than(first->seen, FRAGMENT_SECONDS))
        return OUTCOME_DROP_FRAGMENT;
    p->source_port = first->source_port;
    p->destination_port = first->destination_port;
    p->selector = first->selector;
    return CONTINUE;
}

// Remembers the ports of the packet in this CPU's workspace.
__noinline int fragment_remember(__u32 cpu) {
    const struct workspace *own = workspace_of(cpu);
    struct fragment first = {.seen = bpf_jiffies64()};
    struct fragment_key key;

    if (!own)
        return 0;
    first.source_port = own->packet.source_port;
    first.destination_port = own->packet.destination_port;
    first.selector = own->packet.selector;
    fragment_key_of(&key, &own->packet);
    return bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
}
