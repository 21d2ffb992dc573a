// Which backend: Maglev (Eisenbud et al., NSDI 2016), with what keeps connections over a change of the backend set.
//
// In the steady state the hash alone decides and nothing is remembered. A slot that changed is marked and keeps its
// previous backend for the drain time: a SYN goes to the new one and is remembered, a packet of a connection that is
// not remembered began earlier and goes to the previous one. Every node computes both tables alike, so this also holds
// when another node takes over in between.
#pragma once

#include "arena.h"
#include "flow.h"
#include "ramp.h"

static __always_inline __u32 flow_hash(const struct packet *p) {
    __u32 ports = p->source_port | (__u32)p->destination_port << 16;

    return p->v6 ? hash_flow6(p->source[0], p->source[1], p->destination[0], p->destination[1], ports, p->protocol)
                 : hash_flow4(v4_of(p->source), v4_of(p->destination), ports, p->protocol);
}

static __always_inline __u32 slot_at(const struct view *view, __u32 first_line, __u32 slot) {
    __u32 pair = view_word(view, first_line, slot / 2);

    return slot & 1 ? pair >> 16 : pair & 0xffff;
}

static __always_inline const struct backend *backend_at(const struct view *view, __u32 index) {
    return line_at(view, view->head->backends_line + index);
}

static __always_inline int backend_is(const struct backend *backend, const struct connection *known) {
    return backend->slot == known->backend && backend->tag == known->tag;
}

// The backend of a remembered connection, while it still serves this service; BACKEND_NONE else.
static __always_inline __u32 balance_remembered(const struct view *view, const struct service *service,
                                                const struct packet *p) {
    const struct image_tail *tail = view_tail(view);
    const struct backend *backend;
    struct connection *known;
    struct flow_key key;
    __u32 index;

    flow_key_of(&key, p);
    known = bpf_map_lookup_elem(&connections, &key);
    if (!known || known->backend >= tail->backend_index_count)
        return BACKEND_NONE;
    index = view_word(view, tail->backend_index_line, known->backend);
    if (index - service->backends >= service->backend_count)
        return BACKEND_NONE;
    backend = backend_at(view, index);
    if (!backend_is(backend, known))
        return BACKEND_NONE;
    if (!config.dry_run)
        known->seen = bpf_jiffies64();
    return index;
}

static __always_inline void balance_remember(const struct view *view, const struct packet *p, __u32 index) {
    const struct backend *backend = backend_at(view, index);
    struct connection fresh = {.seen = bpf_jiffies64()};
    struct flow_key key;

    if (config.dry_run)
        return;
    fresh.backend = backend->slot;
    fresh.tag = backend->tag;
    flow_key_of(&key, p);
    bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY);
}

// Whether a connection that began before its slot was marked may be remembered now: so draining backends' connections
// can be counted, and cost one insertion each.
static __always_inline int balance_notes_old(__u32 cpu) {
    struct workspace *own = workspace_rationed(cpu);

    if (!own || config.dry_run || own->packet.flags & (PACKET_ICMP_ERROR | PACKET_CLOSING) ||
        own->old_connections >= OLD_CONNECTIONS_PER_SECOND)
        return 0;
    own->old_connections++;
    return 1;
}

// The backend, by its number in the service, of a new connection whose slot is marked: the current one, or its
// predecessor while it ramps.
static __always_inline __u32 balance_new(const struct view *view, const struct service *service, __u32 hash,
                                         __u32 current) {
    __u32 previous;

    if (ramp_takes(backend_at(view, service->backends + current), hash))
        return current;
    previous = slot_at(view, service->previous_line, hash_scale(hash, service->previous_count));
    if (previous >= service->backend_count || backend_at(view, service->backends + previous)->flags & BACKEND_IDLE)
        return current;
    TRACE_FLAG(TRACE_PREVIOUS);
    return previous;
}

// The backend, by its number in the service, of the connection that the packet in this CPU's workspace belongs to,
// whose slot is marked and would now go to `current`.
__noinline __u32 balance_marked(__u32 cpu, __u32 service_index, __u32 hash, __u32 current) {
    struct workspace *own = workspace_of(cpu);
    const struct service *service;
    __u32 remembered, previous;
    struct view view;

    if (!own || !view_at(&view, own->packet.view_base))
        return SLOT_BACKEND;
    service = line_at(&view, view.head->services_line + service_index);
    if (own->packet.flags & PACKET_SYN) {
        // Where every backend drains, there is a slot without a current backend.
        if (current >= service->backend_count)
            return current;
        current = balance_new(&view, service, hash, current);
        balance_remember(&view, &own->packet, service->backends + current);
        return current;
    }
    remembered = balance_remembered(&view, service, &own->packet);
    if (remembered != BACKEND_NONE && !drain_ended(backend_at(&view, remembered))) {
        TRACE_FLAG(TRACE_KNOWN);
        return remembered - service->backends;
    }
    previous = slot_at(&view, service->previous_line, hash_scale(hash, service->previous_count));
    if (previous >= service->backend_count || drain_ended(backend_at(&view, service->backends + previous)))
        return current;
    TRACE_FLAG(TRACE_PREVIOUS);
    if (balance_notes_old(cpu))
        balance_remember(&view, &own->packet, service->backends + previous);
    return previous;
}

// Index of the packet's backend, or BACKEND_NONE.
static __always_inline __u32 balance(const struct view *view, const struct service *service, __u32 service_index,
                                     const struct packet *p) {
    __u32 hash = flow_hash(p), slot, entry, backend;

    if (!service->slot_count)
        return BACKEND_NONE;
    slot = hash_scale(hash, service->slot_count);
    entry = slot_at(view, service->slots_line, slot);
    backend = entry & SLOT_BACKEND;
    if (unlikely(entry & SLOT_MARKED) && p->protocol != IPPROTO_UDP && bpf_ktime_get_ns() < service->drain_end) {
        workspace_put(p);
        backend = balance_marked(p->cpu, service_index, hash, backend);
    }
    TRACE(hash, hash);
    TRACE(slot, slot);
    if (backend >= service->backend_count)
        return BACKEND_NONE;
    TRACE(backend, service->backends + backend);
    TRACE_FLAG(TRACE_BACKEND);
    return service->backends + backend;
}
