// Is it for a service: from (address, protocol, port) to a frontend.
#pragma once

#include "arena.h"
#include "parse.h"

static __always_inline int balanced_protocol(const struct packet *p) {
    return p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP;
}

// NULL where no service answers there. `port` in network order.
static __always_inline const struct frontend *frontend_find(const struct view *view, const __u64 address[2],
                                                            __u8 protocol, __u16 port) {
    __u32 port_protocol = port | (__u32)protocol << 16;
    __u64 hash = hash_key(address[0], address[1], port_protocol);

#pragma unroll
    for (int choice = 0; choice < 2; choice++) {
        __u32 index = (choice ? hash >> 32 : hash) & view->head->frontends_mask;
        const struct frontend_bucket *bucket = line_at(view, view->head->frontends_line + index);

#pragma unroll
        for (int way = 0; way < FRONTEND_WAYS; way++) {
            const struct frontend *frontend = &bucket->ways[way];

            if (frontend->port_protocol == port_protocol && same_address(frontend->address, address))
                return frontend;
        }
        if (!bucket->ways[0].overflow)
            break;
    }
    return 0;
}
