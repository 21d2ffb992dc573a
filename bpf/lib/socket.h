// Services for processes: where one names a peer (connect, sendto), a VIP and port of a service become a backend's
// address and port; where the kernel names that peer to it (recvfrom, getpeername), they are the service's again. What
// then leaves the node are ordinary packets to the backend, so no packet costs anything.
//
// What the peers of a socket stand for is kept with the socket: it goes when that is closed, and no other socket can
// push it out. The kernel runs these programs under the socket's lock, so none meets half of what another wrote.
#pragma once

#include <asm/errno.h>

#include "balance.h"
#include "service.h"

// A backend that a socket was told to use for a service.
struct peer {
    __u64 vip[2]; // like struct frontend's address
    __u64 address[2];
    __be16 vip_port;
    __be16 port;
    __u32 backend; // slot
    __u32 tag;     // of the backend when it was chosen
    __u32 pad;
};

// Of a socket that was connected.
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct peer);
} socket_peer SEC(".maps");

// Of a datagram socket that names its peer with each datagram: the services used last.
#define PEERS 16
struct peers {
    struct peer known[PEERS];
    __u32 next; // which is written over next
    __u32 pad;
};
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct peers);
} socket_peers SEC(".maps");

// What a process calls its peer: an IPv4 address is ::ffff:a.b.c.d, whatever the socket's family.
struct name {
    __u64 address[2];
    __be16 port;
};

static __always_inline int is_v4_mapped(const __u64 address[2]) {
    return !address[0] && (__u32)address[1] == (__u32)V4_MAPPED_LOW;
}

// Single words, because the verifier knows no other way to these fields on all kernels.
static __always_inline void name_read(const struct bpf_sock_addr *ctx, struct name *name, int v6) {
    if (v6) {
        name->address[0] = READ_ONCE(ctx->user_ip6[0]) | (__u64)READ_ONCE(ctx->user_ip6[1]) << 32;
        name->address[1] = READ_ONCE(ctx->user_ip6[2]) | (__u64)READ_ONCE(ctx->user_ip6[3]) << 32;
    } else {
        name->address[0] = 0;
        name->address[1] = v4_mapped(READ_ONCE(ctx->user_ip4));
    }
    name->port = READ_ONCE(ctx->user_port);
}

static __always_inline void name_write(struct bpf_sock_addr *ctx, const __u64 address[2], __be16 port, int v6) {
    if (v6) {
        WRITE_ONCE(ctx->user_ip6[0], (__u32)address[0]);
        WRITE_ONCE(ctx->user_ip6[1], (__u32)(address[0] >> 32));
        WRITE_ONCE(ctx->user_ip6[2], (__u32)address[1]);
        WRITE_ONCE(ctx->user_ip6[3], (__u32)(address[1] >> 32));
    } else {
        WRITE_ONCE(ctx->user_ip4, v4_of(address));
    }
    WRITE_ONCE(ctx->user_port, port);
}

// Whether services are for the process that this is about.
static __always_inline int socket_served(struct bpf_sock_addr *ctx, const struct view *view) {
    __u32 clients = view_tail(view)->clients;

    return clients == CLIENTS_ALL || (clients == CLIENTS_NODE && bpf_get_netns_cookie(ctx) == config.netns_cookie);
}

// A walk over a service's slots in search of a backend that the socket can reach. Every slot is met once, since their
// number is prime; they stand for weights, so a random first one is a weighted choice.
#define SEARCH_ROUNDS 4096
struct search {
    __u32 view_base;
    __u32 service;
    __u32 slot;
    __u32 stride;
    __u32 v6;    // the family wanted
    __u32 found; // BACKEND_NONE: none
    __u32 other; // the first one of the other family
};

static long search_slot(__u32 round, struct search *search) {
    const struct service *service;
    struct view view;
    __u32 backend;

    (void)round;
    if (!view_at(&view, search->view_base))
        return 1;
    service = line_at(&view, view.head->services_line + search->service);
    backend = slot_at(&view, service->slots_line, search->slot) & SLOT_BACKEND;
    search->slot += search->stride;
    if (search->slot >= service->slot_count)
        search->slot -= service->slot_count;
    if (backend >= service->backend_count)
        return 0;
    backend += service->backends;
    if (!(backend_at(&view, backend)->flags & BACKEND_V6) == !search->v6) {
        search->found = backend;
        return 1;
    }
    if (search->other == BACKEND_NONE)
        search->other = backend;
    return 0;
}

// A backend of the service by `hash`: of the family wanted, else of the other one where `any`; else BACKEND_NONE.
static __always_inline __u32 socket_balance(const struct view *view, const struct frontend *frontend, __u32 hash,
                                            int v6, int any) {
    const struct service *service = line_at(view, view->head->services_line + frontend->service);
    __u32 count = service->slot_count, stride = hash_scale((__u32)(HASH_C3 >> 32), count);
    struct search search = {
        .view_base = view->base,
        .service = frontend->service,
        .slot = hash_scale(hash, count),
        .stride = stride ? stride : 1,
        .v6 = v6,
        .found = BACKEND_NONE,
        .other = BACKEND_NONE,
    };

    if (count)
        bpf_loop(count < SEARCH_ROUNDS ? count : SEARCH_ROUNDS, search_slot, &search, 0);
    return search.found != BACKEND_NONE || !any ? search.found : search.other;
}

// The backend's port for a service that a process means by `name`.
static __always_inline __be16 backend_port(const struct frontend *frontend, const struct name *name) {
    return frontend->target ? frontend->target : name->port;
}

static __always_inline void peer_set(struct peer *peer, const struct name *name, const struct frontend *frontend,
                                     const struct backend *backend) {
    const __u64 *address = (const __u64 *)backend->address;

    peer->vip[0] = name->address[0];
    peer->vip[1] = name->address[1];
    peer->vip_port = name->port;
    if (backend->flags & BACKEND_V6) {
        peer->address[0] = address[0];
        peer->address[1] = address[1];
    } else {
        peer->address[0] = 0;
        peer->address[1] = v4_mapped((__be32)address[0]);
    }
    peer->port = backend_port(frontend, name);
    peer->backend = backend->slot;
    peer->tag = backend->tag;
}

// The service that a process means, NULL where it means none.
static __always_inline const struct frontend *socket_frontend(const struct bpf_sock_addr *ctx, const struct view *view,
                                                              const struct name *name) {
    return service_find(view, name->address, ctx->protocol, name->port);
}

// No backend: as a host answers on whose port nothing listens.
static __always_inline int socket_refuse(int error) {
    bpf_set_retval(-error);
    return 0;
}

// A socket of either family that is about to be connected. Where an IPv6 socket finds no backend of the family that it
// named, one of the other does, as long as the process has not forbidden that by IPV6_V6ONLY or by its own address.
static __always_inline int socket_connect(struct bpf_sock_addr *ctx, int v6) {
    const struct frontend *frontend;
    struct peer fresh = {}, *known;
    struct name name;
    struct view view;
    __u32 index;

    if (!view_now(&view) || !socket_served(ctx, &view))
        return 1;
    name_read(ctx, &name, v6);
    frontend = socket_frontend(ctx, &view, &name);
    if (!frontend) {
        // The peer may be a backend called by its own name now.
        bpf_sk_storage_delete(&socket_peer, ctx->sk);
        return 1;
    }
    index = socket_balance(&view, frontend, bpf_get_prandom_u32(), !is_v4_mapped(name.address), v6);
    if (index == BACKEND_NONE)
        return socket_refuse(ECONNREFUSED);
    peer_set(&fresh, &name, frontend, backend_at(&view, index));
    name_write(ctx, fresh.address, fresh.port, v6);
    known = bpf_sk_storage_get(&socket_peer, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    // Without memory for it, the process will learn the backend's name; the connection is none the worse.
    if (known)
        *known = fresh;
    return 1;
}

static __always_inline struct peer *peers_find(struct peers *peers, const struct name *vip) {
    for (int i = 0; i < PEERS; i++)
        if (peers->known[i].vip_port == vip->port && same_address(peers->known[i].vip, vip->address))
            return &peers->known[i];
    return 0;
}

static __always_inline struct peer *peers_find_backend(struct peers *peers, const struct name *backend) {
    for (int i = 0; i < PEERS; i++)
        if (peers->known[i].port == backend->port && same_address(peers->known[i].address, backend->address))
            return &peers->known[i];
    return 0;
}

// Whether a backend that was chosen before still is one of the service's, and its flows may stay: as long as the
// service drains.
static __always_inline int peer_stays(const struct view *view, const struct service *service, const struct peer *peer) {
    const struct image_tail *tail = view_tail(view);
    const struct backend *backend;
    __u32 index;

    if (peer->backend >= tail->backend_index_count || bpf_ktime_get_ns() >= service->drain_end)
        return 0;
    index = view_word(view, tail->backend_index_line, peer->backend);
    if (index - service->backends >= service->backend_count)
        return 0;
    backend = backend_at(view, index);
    return backend->slot == peer->backend && backend->tag == peer->tag;
}

// A datagram whose peer the process names. The same socket's go to the same backend.
static __always_inline int socket_send(struct bpf_sock_addr *ctx, int v6) {
    const struct frontend *frontend;
    const struct service *service;
    struct peer fresh = {}, *known;
    struct peers *peers;
    struct name name;
    struct view view;
    __u32 index, hash;

    if (!view_now(&view) || !socket_served(ctx, &view))
        return 1;
    name_read(ctx, &name, v6);
    frontend = socket_frontend(ctx, &view, &name);
    peers = bpf_sk_storage_get(&socket_peers, ctx->sk, 0, frontend ? BPF_SK_STORAGE_GET_F_CREATE : 0);
    if (!frontend) {
        // A backend called by its own name now.
        known = peers ? peers_find_backend(peers, &name) : 0;
        if (known)
            __builtin_memset(known, 0, sizeof(*known));
        return 1;
    }
    // Its answers would have a name that the process does not know.
    if (!peers)
        return socket_refuse(ENOBUFS);
    service = line_at(&view, view.head->services_line + frontend->service);
    known = peers_find(peers, &name);
    if (!known || !peer_stays(&view, service, known)) {
        hash = hash_key(bpf_get_socket_cookie(ctx), name.address[0] ^ name.address[1], name.port);
        // The kernel takes no IPv4 address here from an IPv6 socket's datagram, nor the reverse.
        index = socket_balance(&view, frontend, hash, v6, 0);
        if (index == BACKEND_NONE)
            return socket_refuse(ECONNREFUSED);
        if (!known)
            known = &peers->known[peers->next++ & (PEERS - 1)];
        peer_set(&fresh, &name, frontend, backend_at(&view, index));
        *known = fresh;
    }
    known->port = backend_port(frontend, &name);
    name_write(ctx, known->address, known->port, v6);
    return 1;
}

// The sender of a datagram that a process receives.
static __always_inline int socket_receive(struct bpf_sock_addr *ctx, int v6) {
    struct peer *known = bpf_sk_storage_get(&socket_peer, ctx->sk, 0, 0);
    struct peers *peers;
    struct name name;

    name_read(ctx, &name, v6);
    if (!known || known->port != name.port || !same_address(known->address, name.address)) {
        peers = bpf_sk_storage_get(&socket_peers, ctx->sk, 0, 0);
        known = peers ? peers_find_backend(peers, &name) : 0;
    }
    if (known)
        name_write(ctx, known->vip, known->vip_port, v6);
    return 1;
}

// The peer of a connected socket.
static __always_inline int socket_name_peer(struct bpf_sock_addr *ctx, int v6) {
    const struct peer *known = bpf_sk_storage_get(&socket_peer, ctx->sk, 0, 0);
    struct name name;

    name_read(ctx, &name, v6);
    if (known && known->port == name.port && same_address(known->address, name.address))
        name_write(ctx, known->vip, known->vip_port, v6);
    return 1;
}
