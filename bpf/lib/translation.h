// The table of translated flows.
//
// Unlike those of other methods, flows through `nat` are all remembered, in both directions: nobody but this node knows
// what a backend's answer must be turned into.
#pragma once

#include "balance.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 262144);
    __type(key, struct flow_key);
    __type(value, struct translation);
} translations SEC(".maps");

// The first port of the node's that is tried for a flow follows from its hash; this many are.
#define MASQUERADE_TRIES 16

static __always_inline int translation_lives(const struct translation *entry, __u8 protocol) {
    return !older_than(entry->seen, tracked_lifetime(protocol, entry->state));
}

// The key and the translation of the other direction.
static __always_inline void translation_turn(const struct flow_key *key, const struct translation *entry,
                                             struct flow_key *other_key, struct translation *other) {
    other_key->source[0] = entry->destination[0];
    other_key->source[1] = entry->destination[1];
    other_key->destination[0] = entry->source[0];
    other_key->destination[1] = entry->source[1];
    other_key->source_port = entry->destination_port;
    other_key->destination_port = entry->source_port;
    other_key->protocol = key->protocol;
    other_key->pad[0] = other_key->pad[1] = other_key->pad[2] = 0;
    *other = *entry;
    other->source[0] = key->destination[0];
    other->source[1] = key->destination[1];
    other->destination[0] = key->source[0];
    other->destination[1] = key->source[1];
    other->source_port = key->destination_port;
    other->destination_port = key->source_port;
    other->flags ^= TRANSLATION_REPLY;
}

// Keeps the other direction of the flow of the packet in this CPU's workspace alive.
__noinline int translation_keep_other(__u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    struct flow_key key, other_key;
    struct translation *other;

    if (!own)
        return 0;
    flow_key_of(&key, &own->packet);
    translation_turn(&key, &own->translation, &other_key, &own->opposite);
    other = bpf_map_lookup_elem(&translations, &other_key);
    if (!other)
        return bpf_map_update_elem(&translations, &other_key, &own->opposite, BPF_ANY);
    other->seen = bpf_jiffies64();
    return 0;
}

// Takes note of a packet, and its translation into the workspace.
static __always_inline void translation_use(struct workspace *own, struct translation *entry) {
    const struct packet *p = &own->packet;
    __u64 now = bpf_jiffies64(), seen = entry->seen;

    own->translation = *entry;
    if (config.dry_run || p->flags & PACKET_ICMP_ERROR)
        return;
    // Packets of one direction must not outlive the other's entry. Once a second is enough, and costs nothing.
    if (unlikely(now - seen >= control.ticks_per_second))
        translation_keep_other(p->cpu);
    entry->seen = now;
    if (p->flags & PACKET_CLOSING)
        entry->state = TRACKED_CLOSING;
    else if (entry->state == TRACKED_OPENING && !(p->flags & PACKET_SYN))
        entry->state = TRACKED_OPEN;
}

// The backend of a flow that is known, while it still serves this service, BACKEND_NONE else; its translation is then
// in the workspace.
static __always_inline __u32 translation_known(const struct view *view, const struct service *service,
                                               struct workspace *own) {
    const struct image_tail *tail = view_tail(view);
    const struct packet *p = &own->packet;
    const struct backend *backend;
    struct translation *entry;
    struct flow_key key;
    __u32 index;

    flow_key_of(&key, p);
    entry = bpf_map_lookup_elem(&translations, &key);
    if (!entry || entry->flags & TRANSLATION_REPLY || entry->backend >= tail->backend_index_count ||
        !translation_lives(entry, p->protocol) || (p->flags & PACKET_SYN && entry->state == TRACKED_CLOSING))
        return BACKEND_NONE;
    index = view_word(view, tail->backend_index_line, entry->backend);
    if (index - service->backends >= service->backend_count)
        return BACKEND_NONE;
    backend = backend_at(view, index);
    if (backend->slot != entry->backend || backend->tag != entry->tag || drain_ended(backend))
        return BACKEND_NONE;
    translation_use(own, entry);
    return index;
}

static __always_inline void backend_address(__u64 words[2], const __u8 address[16], __u32 v6) {
    if (v6) {
        __builtin_memcpy(words, address, 16);
    } else {
        __be32 v4;

        __builtin_memcpy(&v4, address, 4);
        words[0] = 0;
        words[1] = v4_mapped(v4);
    }
}

// Whether two translations lead to the same ends.
static __always_inline int same_translation(const struct translation *left, const struct translation *right) {
    return same_address(left->source, right->source) && same_address(left->destination, right->destination) &&
           left->source_port == right->source_port && left->destination_port == right->destination_port &&
           left->flags == right->flags;
}

// Finds a port of the node's for the new flow in this CPU's workspace, and remembers its answers. A port is taken only
// for answers from the same backend's port, so every backend's port has the whole range. True where one was free.
__noinline int translation_masquerade(__u32 cpu, __u32 first, __u32 count, __u32 hash) {
    struct workspace *own = workspace_of(cpu);
    struct flow_key key, answer;
    __u32 start = hash_scale(hash * 0x9e3779b1u, count);

    if (!own || !count)
        return 0;
    flow_key_of(&key, &own->packet);
    translation_turn(&key, &own->translation, &answer, &own->opposite);
    for (__u32 i = 0; i < MASQUERADE_TRIES; i++) {
        struct translation *taken;
        __u32 port = start + i;

        if (i >= count)
            return 0;
        if (port >= count)
            port -= count;
        answer.destination_port = bpf_htons(first + port);
        taken = bpf_map_lookup_elem(&translations, &answer);
        if (taken && translation_lives(taken, answer.protocol) && !same_translation(taken, &own->opposite))
            continue;
        own->translation.source_port = answer.destination_port;
        if (config.dry_run ||
            !bpf_map_update_elem(&translations, &answer, &own->opposite, taken ? BPF_ANY : BPF_NOEXIST))
            return 1;
    }
    return 0;
}

// Remembers the new flow of the packet in this CPU's workspace, whose translation is there, too; and its answers, where
// they are not remembered yet.
__noinline int translation_remember(__u32 cpu, __u32 answers) {
    struct workspace *own = workspace_of(cpu);
    struct flow_key key, answer;

    if (!own || config.dry_run)
        return 0;
    flow_key_of(&key, &own->packet);
    translation_turn(&key, &own->translation, &answer, &own->opposite);
    if (answers)
        bpf_map_update_elem(&translations, &answer, &own->opposite, BPF_ANY);
    return bpf_map_update_elem(&translations, &key, &own->translation, BPF_ANY);
}
