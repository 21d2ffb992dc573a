// Who is it: from an address to its class, by table walk.
//
// All prefixes of the configuration are merged, so each address is in exactly one class and the cost does not depend on
// how many rules or sets there are. IPv4 walks a 16-8-8 trie; a /24 with only a few special hosts has no block of its
// own but an entry that says "ask the host table". IPv6 searches the prefix lengths in use by bisection.
#pragma once

#include "arena.h"
#include "packet.h"

static __always_inline __u32 host4_value(const struct view *view, __be32 address, __u32 otherwise) {
    __u64 hash = hash_key(address, 0, 0);
    __u32 mask = view->head->hosts4_mask;

#pragma unroll
    for (int choice = 0; choice < 2; choice++) {
        __u32 index = (choice ? hash >> 32 : hash) & mask;
        const struct host4_bucket *bucket = line_at(view, view->head->hosts4_line + index);

#pragma unroll
        for (int way = 0; way < HOST4_WAYS; way++)
            if (bucket->address[way] == address && bucket->value[way] & HOST4_PRESENT)
                return bucket->value[way] & ADDRESS_VALUE;
        if (!bucket->overflow)
            break;
    }
    return otherwise;
}

static __always_inline __u32 address_value4(const struct view *view, __be32 address) {
    __u32 host = bpf_ntohl(address);
    __u32 entry = view_word(view, view->head->trie4_root_line, host >> 16);

    if ((entry & TRIE4_KIND) == TRIE4_BLOCK) {
        entry = view_word(view, view->head->trie4_blocks_line, (entry & TRIE4_INDEX) * 256 + (host >> 8 & 255));
        if ((entry & TRIE4_KIND) == TRIE4_BLOCK)
            entry = view_word(view, view->head->trie4_blocks_line, (entry & TRIE4_INDEX) * 256 + (host & 255));
        else if ((entry & TRIE4_KIND) == TRIE4_HOSTS)
            return host4_value(view, address, entry & ADDRESS_VALUE);
    }
    return entry & ADDRESS_VALUE;
}

// The value stored for a prefix, with PREFIX6_LENGTH_SHIFT's bits; 0: not there.
static __always_inline __u32 prefix6_probe(const struct view *view, __u64 high, __u64 low, __u8 length) {
    __u64 hash = hash_key(high, low, length);
    __u32 mask = view->head->prefixes6_mask;

#pragma unroll
    for (int choice = 0; choice < 2; choice++) {
        __u32 index = (choice ? hash >> 32 : hash) & mask;
        const struct prefix6_bucket *bucket = line_at(view, view->head->prefixes6_line + index);

#pragma unroll
        for (int way = 0; way < PREFIX6_WAYS; way++)
            if (bucket->prefix[way][0] == high && bucket->prefix[way][1] == low &&
                bucket->value[way] >> PREFIX6_LENGTH_SHIFT == length)
                return bucket->value[way];
        if (!bucket->overflow)
            break;
    }
    return 0;
}

// A function of its own, which the verifier checks once; it costs a call.
__noinline __u32 address_value6(__u32 base, __u64 high, __u64 low) {
    const struct image_tail *tail;
    __u32 node = 0, value;
    struct view view;

    if (!view_at(&view, base))
        return 0;
    tail = view_tail(&view);
    value = tail->class6_default;
    if (!tail->lengths6_count)
        return value;
    for (int depth = 0; depth < LENGTH6_DEPTH; depth++) {
        __u32 word = view_word(&view, tail->lengths6_line, node);
        __u8 length = word, shorter = word >> 8, longer = word >> 16;
        __u64 high_mask = length >= 64 ? ~0ull : ~(~0ull >> (length & 63));
        __u64 low_mask = length >= 128 ? ~0ull : length <= 64 ? 0 : ~(~0ull >> (length & 63));
        __u32 found = prefix6_probe(&view, high & high_mask, low & low_mask, length);

        if (found)
            value = found & ADDRESS_VALUE;
        node = found ? longer : shorter;
        if (!node)
            break;
    }
    return value;
}

static __always_inline __u32 address_value(const struct view *view, const __u64 address[2], __u8 v6) {
    return v6 ? address_value6(view->base, bpf_be64_to_cpu(address[0]), bpf_be64_to_cpu(address[1]))
              : address_value4(view, v4_of(address));
}
