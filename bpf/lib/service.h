// Is it for a service: from (address, protocol, port) to a frontend.
#pragma once

#include "parse.h"
#include "policy.h"

static __always_inline int balanced_protocol(const struct packet *p) { return has_ports(p->protocol); }

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

// The number of the wide frontend that answers on an address, for what protocol and selector (host order) name; 0:
// none.
__noinline __u32 wide_number(__u32 base, __u64 high, __u64 low, __u32 protocol, __u32 selector) {
    __u64 address[2] = {high, low};
    const struct image_tail *tail;
    __u32 value, row;
    struct view view;

    if (!view_at(&view, base))
        return 0;
    tail = view_tail(&view);
    if (tail->wide_base == WIDE_NONE)
        return 0;
    value = address_value(&view, address, high || (__u32)low != V4_MAPPED_LOW);
    if (!(value & ADDRESS_VIP))
        return 0;
    row = view_paged(&view, tail->wide_base, value & ADDRESS_CLASS);
    return view_paged(&view, row, port_class_of(&view, tail, protocol, selector));
}

// NULL where no wide frontend answers.
static __always_inline const struct frontend *wide_find(const struct view *view, const __u64 address[2], __u8 protocol,
                                                        __u16 selector) {
    __u32 number = wide_number(view->base, address[0], address[1], protocol, selector);
    const struct frontend_bucket *line;

    if (!number)
        return 0;
    line = line_at(view, view->head->frontends_line + view->head->frontends_mask + 1 + number / FRONTEND_WAYS);
    return &line->ways[number % FRONTEND_WAYS];
}

// The frontend that answers, exact or else wide. `port` in network order.
static __always_inline const struct frontend *service_find(const struct view *view, const __u64 address[2],
                                                           __u8 protocol, __u16 port) {
    const struct frontend *frontend = frontend_find(view, address, protocol, port);

    return frontend ? frontend : wide_find(view, address, protocol, bpf_ntohs(port));
}
