// Flows to services that keep their backend, and clients that do.
//
// Remembered are: connections that began while their Maglev slot was marked; every flow of a service whose scheduler is
// not a hash, or that has an affinity; datagram flows. A flood cannot push the living out: the kernel's table evicts
// what was not looked up since it last went round, and how fast it can go round is bounded by a ration of new entries
// (see `Capacity` for the numbers). What does not fit the ration goes by hash, every packet of it alike.
#pragma once

#include "account.h"
#include "flow.h"
#include "load.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 262144); // set before loading
    __type(key, struct flow_key);
    __type(value, struct connection);
} connections SEC(".maps");

static __always_inline void client_key_of(struct flow_key *key, const struct packet *p, const struct service *service) {
    key->source[0] = p->source[0];
    key->source[1] = p->source[1];
    key->destination[0] = CLIENT_MARK;
    key->destination[1] = service->counter;
    key->source_port = key->destination_port = 0;
    key->protocol = 0;
    key->pad[0] = key->pad[1] = key->pad[2] = 0;
}

static __always_inline __u32 connection_lifetime(const struct view *view, __u8 protocol, __u32 state) {
    const struct image_flows *flows = view_flows(view);
    __u32 shorter = state == CONNECTION_OPENING ? CONNECTION_OPENING_SECONDS : CONNECTION_CLOSING_SECONDS;

    if (protocol == IPPROTO_UDP)
        return flows->idle_udp;
    if (protocol != IPPROTO_TCP)
        return flows->idle_sctp;
    return state == CONNECTION_OPEN || flows->idle_tcp < shorter ? flows->idle_tcp : shorter;
}

static __always_inline const struct backend *backend_at(const struct view *view, __u32 index) {
    return line_at(view, view->head->backends_line + index);
}

static __always_inline int backend_is(const struct backend *backend, const struct connection *known) {
    return backend->slot == known->backend && backend->tag == known->tag;
}

// The backend's number within the service, or SLOT_NONE where it serves it no longer.
static __always_inline __u32 connection_backend(const struct view *view, const struct service *service,
                                                const struct connection *known) {
    const struct image_tail *tail = view_tail(view);
    __u32 index;

    if (known->backend >= tail->backend_index_count)
        return SLOT_NONE;
    index = view_word(view, tail->backend_index_line, known->backend);
    if (index - service->backends >= service->backend_count || !backend_is(backend_at(view, index), known))
        return SLOT_NONE;
    return index - service->backends;
}

// A backend without weight keeps the flows it has, until the drain time is over.
static __always_inline int drain_is_over(const struct service *service) {
    return bpf_ktime_get_ns() >= service->drain_end;
}

// Whether `entries` more may be remembered in this second.
static __always_inline int connection_allowed(const struct view *view, const struct packet *p, __u32 entries) {
    struct workspace *own = workspace_rationed(p->cpu);
    __u32 limit = view_flows(view)->new_flows;

    if (!limit)
        limit = config.new_flows;
    if (!own)
        return 0;
    if (own->new_flows >= limit) {
        count_notice(p, NOTICE_UNREMEMBERED);
        return 0;
    }
    if (!config.dry_run)
        own->new_flows += entries;
    return 1;
}

// A client keeps its backend as long as one of its flows sends. They say so once in each epoch, which spares packets a
// second look-up; hence an entry lives an epoch longer than it is told to.
static __always_inline void connection_touch_client(struct workspace *own, const struct service *service) {
    struct connection *client;

    client_key_of(&own->key, &own->packet, service);
    client = bpf_map_lookup_elem(&connections, &own->key);
    if (client)
        client->seen = bpf_jiffies64();
}

// A further packet of a remembered flow, which takes the time of its handshake and keeps the load of its backend where
// the service is one whose flows are all remembered.
static __always_inline void connection_follow(struct connection *known, struct workspace *own,
                                              const struct service *service) {
    int ended = known->state == CONNECTION_CLOSING, ends = 0;
    const struct packet *p = &own->packet;
    __u64 now = bpf_jiffies64();

    if (config.dry_run || p->flags & PACKET_ICMP_ERROR)
        return;
    if (known->seen != now)
        known->seen = now;
    if (p->protocol != IPPROTO_UDP && !ended) {
        ends = !!(p->flags & PACKET_CLOSING);
        if (unlikely(known->opened && known->state == CONNECTION_OPENING)) {
            // A repeated SYN says that the handshake takes at least so long.
            load_measure(known->backend, bpf_ktime_get_ns() - known->opened);
            if (!(p->flags & PACKET_SYN))
                known->opened = 0;
        }
        if (ends)
            known->state = CONNECTION_CLOSING;
        else if (known->state == CONNECTION_OPENING && !(p->flags & PACKET_SYN))
            known->state = CONNECTION_OPEN;
    }
    if (!(service->flags & SERVICE_STATEFUL) || ended)
        return;
    if (service->flags & SERVICE_AFFINITY && known->counted != load_epoch())
        connection_touch_client(own, service);
    load_note(known->backend, &known->counted, ends);
}

// Remembers a backend under the key in the workspace.
static __always_inline void connection_store(const struct view *view, struct workspace *own,
                                             const struct service *service, __u32 number) {
    const struct backend *backend = backend_at(view, service->backends + number);

    own->connection.backend = backend->slot;
    own->connection.tag = backend->tag;
    own->connection.seen = bpf_jiffies64();
    bpf_map_update_elem(&connections, &own->key, &own->connection, BPF_ANY);
}

// The flow of the packet in the workspace is new.
static __always_inline void connection_remember(const struct view *view, struct workspace *own,
                                                const struct service *service, __u32 number) {
    __u16 counted = 0;

    if (config.dry_run)
        return;
    if (service->flags & SERVICE_STATEFUL)
        load_open(backend_at(view, service->backends + number)->slot, &counted);
    own->connection = (struct connection){.counted = counted};
    if (service->scheduler == SCHEDULER_LATENCY && own->packet.protocol == IPPROTO_TCP)
        own->connection.opened = bpf_ktime_get_ns();
    flow_key_of(&own->key, &own->packet);
    connection_store(view, own, service, number);
}

// So is its client.
static __always_inline void connection_remember_client(const struct view *view, struct workspace *own,
                                                       const struct service *service, __u32 number) {
    if (config.dry_run)
        return;
    own->connection = (struct connection){};
    client_key_of(&own->key, &own->packet, service);
    connection_store(view, own, service, number);
}
