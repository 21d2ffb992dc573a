// Rewriting the front of a frame.
#pragma once

#include "parse.h"

// 16-bit one's complement sum of a 32-bit accumulator.
static __always_inline __u16 checksum_fold(__u32 sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

static __always_inline struct bounds bounds_of(const struct xdp_md *ctx) {
    return (struct bounds){.data = (const void *)(long)ctx->data, .end = (const void *)(long)ctx->data_end};
}

// Bytes of a frame's first buffer, which is nearly always the only one.
static __always_inline __u32 bounds_length(const struct bounds *bounds) { return bounds->end - bounds->data; }

// Moves the packet's start so that `front` bytes stand before what was at offset `at`, and the VLAN tags of the old
// front, where `tags` says so, before those. Puts the Ethernet header of `addresses` and `ethertype` there.
//
// Returns the new offset behind the Ethernet header and tags, or 0 where there is no room.
static __always_inline __u32 frame_reframe(struct xdp_md *ctx, const struct packet *p, __u32 at, __u32 front,
                                           const __u8 addresses[12], __be16 ethertype, int keep_tags) {
    __u32 tag_bytes = keep_tags ? p->l3 - ETH_HLEN : 0;
    struct bounds bounds = bounds_of(ctx);
    const __u32 *words;
    __u32 tags[VLAN_TAGS_MAX] = {};
    __u8 *out;

    if (unlikely(tag_bytes)) {
        words = bytes_at(&bounds, 12, sizeof(tags));
        if (!words)
            return 0;
        tags[0] = words[0];
        tags[1] = words[1];
    }
    if (bpf_xdp_adjust_head(ctx, (int)(at - front - ETH_HLEN - tag_bytes)))
        return 0;
    bounds = bounds_of(ctx);
    out = (__u8 *)bytes_at(&bounds, 0, ETH_HLEN);
    if (!out)
        return 0;
    __builtin_memcpy(out, addresses, 12);
    if (likely(!tag_bytes)) {
        *(__be16 *)(out + 12) = ethertype;
        return ETH_HLEN;
    }
    out = (__u8 *)bytes_at(&bounds, 12, 4);
    if (!out)
        return 0;
    *(__u32 *)out = tags[0];
    if (tag_bytes == 8) {
        out = (__u8 *)bytes_at(&bounds, 16, 4);
        if (!out)
            return 0;
        *(__u32 *)out = tags[1];
    }
    out = (__u8 *)bytes_at(&bounds, tag_bytes == 8 ? 20 : 16, 2);
    if (!out)
        return 0;
    *(__be16 *)out = ethertype;
    return ETH_HLEN + tag_bytes;
}
