// Which backend a new flow gets, where that is not the hash's to say.
//
// Weights are in the sequence, an interleaved list in which each backend stands as often as its weight asks for: round
// robin walks it, random draws from it, and so do the two candidates of which the better one is taken (Mitzenmacher,
// "The Power of Two Choices in Randomized Load Balancing", 2001). Draws are numbered (see hash_draw), one for each new
// flow of the service, so a dry run says what the next one will be.
#pragma once

#include "arena.h"
#include "connection.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1); // set before loading to config.service_room
    __type(key, __u32);
    __type(value, __u64);
} positions SEC(".maps");

static __always_inline __u32 slot_at(const struct view *view, __u32 first_line, __u32 slot) {
    __u32 pair = view_word(view, first_line, slot / 2);

    return slot & 1 ? pair >> 16 : pair & 0xffff;
}

// How many flows the service has scheduled before this one.
static __always_inline __u64 schedule_position(const struct service *service) {
    __u32 slot = service->counter;
    __u64 *position = bpf_map_lookup_elem(&positions, &slot);

    if (!position)
        return 0;
    return config.dry_run ? READ_ONCE(*position) : __sync_fetch_and_add(position, 1);
}

// Whether the first of two backends, given by their numbers, is at least as good a choice as the second.
static __always_inline int schedule_prefers(const struct view *view, const struct service *service,
                                            const struct packet *p, __u32 first, __u32 second) {
    const struct backend *one = backend_at(view, service->backends + first);
    const struct backend *two = backend_at(view, service->backends + second);
    __u32 one_slot = one->slot, two_slot = two->slot;
    struct load *one_load = bpf_map_lookup_elem(&loads, &one_slot);
    struct load *two_load = bpf_map_lookup_elem(&loads, &two_slot);

    if (!one_load || !two_load)
        return 1;
    // Datagrams have no handshake.
    if (service->scheduler == SCHEDULER_LATENCY && p->protocol == IPPROTO_TCP) {
        __u32 one_time = load_handshake(one_load), two_time = load_handshake(two_load);

        if (one_time != two_time)
            return one_time < two_time;
    }
    return (__u64)load_flows(one_load) * two->weight <= (__u64)load_flows(two_load) * one->weight;
}

// The number of the backend for a new flow, or SLOT_NONE where none takes any.
static __always_inline __u32 schedule(const struct view *view, const struct service *service,
                                      const struct service_detail *detail, const struct packet *p) {
    __u32 count = detail->sequence_count, at, other, first, second;
    __u64 position, draw;

    if (!count)
        return SLOT_NONE;
    position = schedule_position(service);
    TRACE_FLAG(TRACE_SCHEDULED);
    draw = hash_draw(position, service->counter);
    at = service->scheduler == SCHEDULER_ROUND_ROBIN ? position % count : hash_scale(draw, count);
    TRACE(slot, at);
    first = slot_at(view, detail->sequence_line, at);
    if (service->scheduler < SCHEDULER_LEAST_CONNECTIONS || count < 2)
        return first;
    other = at + 1 + hash_scale(draw >> 32, count - 1);
    if (other >= count)
        other -= count;
    second = slot_at(view, detail->sequence_line, other);
    if (schedule_prefers(view, service, p, first, second))
        return first;
    TRACE(slot, other);
    return second;
}
