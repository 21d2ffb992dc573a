// Which backend: Maglev (Eisenbud et al., NSDI 2016), with what keeps connections over a change of the backend set; or
// another scheduler, with a memory of what it chose.
//
// For TCP and SCTP to a Maglev service, in the steady state the hash alone decides and nothing is remembered. A slot
// that changed is marked and keeps its previous backend for the drain time: a SYN goes to the new one and is
// remembered, a packet of a connection that is not remembered began earlier and goes to the previous one. Every node
// computes both tables alike, so this also holds when another node takes over in between.
//
// Every other flow is looked up. A new one goes where the scheduler says and is remembered. What nobody remembers (a
// connection that was evicted, or that another node knew; a flow beyond the ration) goes by the service's Maglev table,
// since that is what all packets and nodes agree on.
#pragma once

#include "ramp.h"
#include "schedule.h"

static __always_inline __u32 flow_hash(const struct packet *p) {
    __u32 ports = p->source_port | (__u32)p->destination_port << 16;

    return p->v6 ? hash_flow6(p->source[0], p->source[1], p->destination[0], p->destination[1], ports, p->protocol)
                 : hash_flow4(v4_of(p->source), v4_of(p->destination), ports, p->protocol);
}

static __always_inline __u32 balance_hash(const struct service *service, const struct packet *p) {
    if (!(service->flags & SERVICE_AFFINITY))
        return flow_hash(p);
    return p->v6 ? hash_client6(p->source[0], p->source[1]) : hash_client4(v4_of(p->source));
}

static __always_inline __u32 previous_of(const struct view *view, const struct service *service, __u32 hash) {
    return slot_at(view, service->previous_line, hash_scale(hash, service->previous_count));
}

static __always_inline int takes_new_flows(const struct view *view, const struct service *service, __u32 number) {
    return backend_at(view, service->backends + number)->weight;
}

// The previous backend of a new connection's marked slot, which then is where its further packets, not being
// remembered, go, too; unless it takes no new ones.
static __always_inline __u32 previous_for_new(const struct view *view, const struct service *service, __u32 hash,
                                              __u32 current) {
    __u32 previous = previous_of(view, service, hash);

    return previous < service->backend_count && takes_new_flows(view, service, previous) ? previous : current;
}

// The previous backend of a connection that nobody remembers and whose slot is marked; the current one where that has
// had its time or is gone.
static __always_inline __u32 previous_for_old(const struct view *view, const struct service *service, __u32 hash,
                                              __u32 current) {
    __u32 previous = previous_of(view, service, hash);

    if (previous >= service->backend_count || drain_ended(backend_at(view, service->backends + previous)))
        return current;
    TRACE_FLAG(TRACE_PREVIOUS);
    return previous;
}

// The remembered backend, by its number in the service, or SLOT_NONE: also where the flow is a connection that is over
// and opens again.
static __always_inline __u32 balance_remembered(const struct view *view, const struct service *service,
                                                struct workspace *own) {
    const struct packet *p = &own->packet;
    struct connection *known;
    __u32 number;

    flow_key_of(&own->key, p);
    known = bpf_map_lookup_elem(&connections, &own->key);
    if (!known || older_than(known->seen, connection_lifetime(view, p->protocol, known->state)))
        return SLOT_NONE;
    number = connection_backend(view, service, known);
    if (number == SLOT_NONE)
        return SLOT_NONE;
    if (p->flags & PACKET_SYN && known->state == CONNECTION_CLOSING)
        return SLOT_NONE;
    if (unlikely(!takes_new_flows(view, service, number)) &&
        ((p->flags & PACKET_SYN && known->state != CONNECTION_OPENING) || drain_is_over(service) ||
         drain_ended(backend_at(view, service->backends + number))))
        return SLOT_NONE;
    connection_follow(known, own, service);
    TRACE_FLAG(TRACE_KNOWN);
    return number;
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
    __u32 chosen = current;

    if (!ramp_takes(backend_at(view, service->backends + current), hash))
        chosen = previous_for_new(view, service, hash, current);
    if (chosen != current)
        TRACE_FLAG(TRACE_PREVIOUS);
    return chosen;
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
        if (!connection_allowed(&view, &own->packet, 1))
            return previous_for_new(&view, service, hash, current);
        current = balance_new(&view, service, hash, current);
        connection_remember(&view, own, service, current);
        return current;
    }
    remembered = balance_remembered(&view, service, own);
    if (remembered != SLOT_NONE)
        return remembered;
    previous = previous_for_old(&view, service, hash, current);
    // Where both tables agree, as they mostly do when the table has grown, there is nothing to remember.
    if (previous != current && balance_notes_old(cpu))
        connection_remember(&view, own, service, previous);
    return previous;
}

// By the Maglev table, for a flow of which nothing is remembered.
static __always_inline __u32 balance_by_hash(const struct view *view, const struct service *service,
                                             const struct packet *p) {
    __u32 hash = balance_hash(service, p), slot = hash_scale(hash, service->slot_count);
    __u32 entry = slot_at(view, service->slots_line, slot), current = entry & SLOT_BACKEND;

    TRACE(hash, hash);
    TRACE(slot, slot);
    if (!(entry & SLOT_MARKED) || p->protocol == IPPROTO_UDP || drain_is_over(service))
        return current;
    if (p->flags & PACKET_SYN)
        return previous_for_new(view, service, hash, current);
    return previous_for_old(view, service, hash, current);
}

// The number of the backend that the client of a new flow, or of an old one that is not remembered, has; or SLOT_NONE.
static __always_inline __u32 balance_client(const struct view *view, const struct service *service, __u32 affinity,
                                            struct workspace *own, int is_new) {
    __u64 longest = ticks(affinity) + (1ull << (control.epoch_shift & 63));
    struct connection *client;
    __u32 number;

    client_key_of(&own->key, &own->packet, service);
    client = bpf_map_lookup_elem(&connections, &own->key);
    if (!client || bpf_jiffies64() - client->seen > longest)
        return SLOT_NONE;
    number = connection_backend(view, service, client);
    if (number == SLOT_NONE)
        return SLOT_NONE;
    if (!takes_new_flows(view, service, number) &&
        (is_new || drain_is_over(service) || drain_ended(backend_at(view, service->backends + number))))
        return SLOT_NONE;
    if (!config.dry_run && !(own->packet.flags & PACKET_ICMP_ERROR))
        client->seen = bpf_jiffies64();
    TRACE_FLAG(TRACE_AFFINITY);
    return number;
}

// The backend, by its number in the service, of a flow that is not remembered, whose packet is in this CPU's workspace.
__noinline __u32 balance_unknown(__u32 cpu, __u32 service_index) {
    struct workspace *own = workspace_of(cpu);
    const struct service_detail *detail;
    const struct service *service;
    __u32 chosen = SLOT_NONE;
    int opens, known_client;
    struct packet *p;
    struct view view;

    if (!own || !view_at(&view, own->packet.view_base))
        return SLOT_BACKEND;
    p = &own->packet;
    service = line_at(&view, view.head->services_line + service_index);
    detail = line_at(&view, view_tail(&view)->details_line + service_index);
    opens = !(p->flags & PACKET_ICMP_ERROR) && (p->protocol == IPPROTO_UDP || p->flags & PACKET_SYN);
    if (service->flags & SERVICE_AFFINITY)
        chosen = balance_client(&view, service, detail->affinity, own, opens);
    known_client = chosen != SLOT_NONE;
    if (!opens || !connection_allowed(&view, p, service->flags & SERVICE_AFFINITY && !known_client ? 2 : 1))
        return known_client ? chosen : balance_by_hash(&view, service, p);

    if (!known_client && service->scheduler == SCHEDULER_MAGLEV) {
        __u32 hash = balance_hash(service, p), slot = hash_scale(hash, service->slot_count);

        TRACE(hash, hash);
        TRACE(slot, slot);
        chosen = slot_at(&view, service->slots_line, slot) & SLOT_BACKEND;
    } else if (!known_client) {
        chosen = schedule(&view, service, detail, p);
    }
    if (chosen >= service->backend_count)
        return SLOT_BACKEND;
    connection_remember(&view, own, service, chosen);
    if (service->flags & SERVICE_AFFINITY && !known_client)
        connection_remember_client(&view, own, service, chosen);
    return chosen;
}

// The backend, by its number in the service, of the flow whose packet is in this CPU's workspace; SLOT_NONE where
// nothing is remembered of it. Who remembers flows of services elsewhere, too, and goes by that, calls it for each
// packet of a client's all the same where the service is SERVICE_STATEFUL: it keeps counts, handshakes and clients
// true.
__noinline __u32 balance_flow(__u32 cpu, __u32 service_index) {
    struct workspace *own = workspace_of(cpu);
    const struct service *service;
    struct view view;

    if (!own || !view_at(&view, own->packet.view_base))
        return SLOT_BACKEND;
    service = line_at(&view, view.head->services_line + service_index);
    return balance_remembered(&view, service, own);
}

// Index of the packet's backend, or BACKEND_NONE.
static __always_inline __u32 balance(const struct view *view, const struct service *service, __u32 service_index,
                                     const struct packet *p) {
    __u32 hash, slot, entry, backend;

    if (!service->slot_count)
        return BACKEND_NONE;
    if (service->flags & SERVICE_STATEFUL || p->protocol == IPPROTO_UDP) {
        workspace_put(p);
        backend = balance_flow(p->cpu, service_index);
        if (unlikely(backend == SLOT_NONE))
            backend = balance_unknown(p->cpu, service_index);
    } else {
        hash = flow_hash(p);
        slot = hash_scale(hash, service->slot_count);
        entry = slot_at(view, service->slots_line, slot);
        backend = entry & SLOT_BACKEND;
        TRACE(hash, hash);
        TRACE(slot, slot);
        if (unlikely(entry & SLOT_MARKED) && !drain_is_over(service)) {
            workspace_put(p);
            backend = balance_marked(p->cpu, service_index, hash, backend);
        }
    }
    if (backend >= service->backend_count)
        return BACKEND_NONE;
    TRACE(backend, service->backends + backend);
    TRACE_FLAG(TRACE_BACKEND);
    return service->backends + backend;
}
