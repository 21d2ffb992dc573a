// Which backend a QUIC packet is for: a server that writes its id into the connection IDs it gives out is found by
// them, whatever the client's address and whatever became of the table (draft-ietf-quic-load-balancers, plaintext, or
// any other place in the connection ID).
#pragma once

#include <linux/in.h>

#include "account.h"
#include "balance.h"

// The first byte (RFC 9000, section 17).
#define QUIC_LONG 0x80
#define QUIC_FIXED 0x40
#define QUIC_TYPE(first) ((first) >> 4 & 3)
#define QUIC_LONG_HEADER 6 // up to the destination connection ID: first byte, version, length
#define QUIC_V1 1
#define QUIC_V2 0x6b3343cf // RFC 9369, where all types are one higher

#define QUIC_INITIAL 0
#define QUIC_0RTT 1
#define QUIC_HANDSHAKE 2

#define QUIC_ANY 0         // a connection ID that the client made up: the hash decides (RFC 9000, section 7.2)
#define QUIC_UNKNOWN (~0u) // not what a client of this service sends
#define QUIC_CID_MAX 20

// What a long header says of its connection ID: QUIC_ANY, QUIC_UNKNOWN, or how far it is from the first byte.
static __always_inline __u32 quic_long(const struct bounds *bounds, __u64 at, __u64 end, __u8 first, __u8 length) {
    const __u8 *header = bytes_at(bounds, at, QUIC_LONG_HEADER);
    __u32 version, type = QUIC_TYPE(first);

    if (!header || at + QUIC_LONG_HEADER > end)
        return QUIC_UNKNOWN;
    version = (__u32)header[1] << 24 | (__u32)header[2] << 16 | (__u32)header[3] << 8 | header[4];
    if (version == QUIC_V2)
        type = (type - 1) & 3;
    else if (version != QUIC_V1)
        return QUIC_ANY; // the server will propose another version
    if (type == QUIC_INITIAL || type == QUIC_0RTT)
        return QUIC_ANY;
    return type == QUIC_HANDSHAKE && header[5] == length ? QUIC_LONG_HEADER : QUIC_UNKNOWN;
}

// The backend, by its number in the service, that has the server id; SLOT_NONE where none has.
static __always_inline __u32 quic_find(const struct view *view, const struct service_detail *detail, __u64 id) {
    __u64 hash = hash_key(id, 0, 0);

#pragma unroll
    for (int choice = 0; choice < 2; choice++) {
        __u32 index = (choice ? hash >> 32 : hash) & detail->quic_mask;
        const struct quic_bucket *bucket = line_at(view, detail->quic_line + index);

#pragma unroll
        for (int way = 0; way < QUIC_WAYS; way++)
            if (bucket->id[way] == id && bucket->backend[way])
                return bucket->backend[way] - 1;
        if (!bucket->overflow)
            break;
    }
    return SLOT_NONE;
}

// Of the packet in this CPU's workspace: the backend's number in the service, or SLOT_NONE where the hash decides.
__noinline __u32 quic_number(struct xdp_md *ctx, __u32 cpu, __u32 service_index) {
    struct workspace *own = workspace_of(cpu);
    struct bounds bounds = bounds_of(ctx);
    const struct service_detail *detail;
    const __u8 *first;
    __u64 at, end, id = 0;
    struct packet *p;
    struct view view;
    __u32 cid = 1, number = SLOT_NONE;

    if (!own || !view_at(&view, own->packet.view_base))
        return SLOT_NONE;
    p = &own->packet;
    detail = line_at(&view, view_tail(&view)->details_line + service_index);
    at = (__u64)p->l4 + UDP_HEADER;
    end = (__u64)p->l3 + p->ip_length;
    first = bytes_at(&bounds, at, 1);
    if (!first || at >= end || !(*first & QUIC_FIXED))
        cid = QUIC_UNKNOWN;
    else if (*first & QUIC_LONG)
        cid = quic_long(&bounds, at, end, *first, detail->quic_cid_length);
    if (cid == QUIC_ANY)
        return SLOT_NONE;
    if (cid != QUIC_UNKNOWN && at + cid + detail->quic_cid_length <= end) {
        at += cid + detail->quic_id_offset;
        for (__u32 i = 0; i < sizeof(id); i++) {
            const __u8 *byte;

            if (i >= detail->quic_id_length)
                break;
            byte = bytes_at(&bounds, at + i, 1);
            if (!byte)
                break;
            id = id << 8 | *byte;
        }
        number = quic_find(&view, detail, id);
    }
    if (number == SLOT_NONE)
        count_beside(p, config.quic_base + p->service_counter);
    return number;
}

// Index of the backend that a datagram names, or BACKEND_NONE. QUIC forbids fragments (RFC 9000, section 14), and what
// an ICMP error quotes has the client's connection ID.
static __always_inline __u32 quic_backend(struct xdp_md *ctx, const struct service *service, __u32 service_index,
                                          const struct packet *p) {
    __u32 number;

    if (p->protocol != IPPROTO_UDP || p->flags & (PACKET_FRAGMENT | PACKET_ICMP_ERROR))
        return BACKEND_NONE;
    workspace_put(p);
    number = quic_number(ctx, p->cpu, service_index);
    if (number >= service->backend_count)
        return BACKEND_NONE;
    TRACE(backend, service->backends + number);
    TRACE_FLAG(TRACE_BACKEND | TRACE_QUIC);
    return service->backends + number;
}
