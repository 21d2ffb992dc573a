// Turning a packet's addresses and ports into others, with every checksum over them kept right by what has changed
// (RFC 1624).
#pragma once

#include "icmperror.h"

#define TCP_CHECKSUM 16 // offset in the header
#define UDP_CHECKSUM 6

// One's complement sums may be taken of words of any even length, and folded later (RFC 1071, section 2).

// What it adds to a sum that `before` became `after`.
static __always_inline __u64 sum_change(const __u64 before[2], const __u64 after[2]) {
    return sum32(~before[0]) + sum32(~before[1]) + sum32(after[0]) + sum32(after[1]);
}

static __always_inline __u64 sum_change16(__u16 before, __u16 after) { return (__u16)~before + (__u64)after; }

static __always_inline __u16 checksum_change(__u16 checksum, __u64 change) {
    change = (change & 0xffffffff) + (change >> 32);
    change = (change & 0xffff) + (change >> 16 & 0xffff) + (change >> 32);
    return checksum_fold((__u16)~checksum + (__u32)change);
}

// UDP knows packets without a checksum, which stay so; a sum of 0 is sent as 0xffff (RFC 768).
static __always_inline __u16 checksum_change_udp(__u16 checksum, __u64 change) {
    __u16 changed = checksum_change(checksum, change);

    return !checksum ? 0 : changed ? changed : 0xffff;
}

// Gives the IP header at `at` other addresses and takes `hops` from its hop limit. Leaves in `change` what that adds to
// a sum over the pseudo header.
static __always_inline int translate_header(const struct bounds *bounds, __u64 at, __u32 v6, const __u64 source[2],
                                            const __u64 destination[2], __u32 hops, __u64 *change) {
    if (v6) {
        struct ipv6_header *ip = (struct ipv6_header *)bytes_at(bounds, at, IPV6_HEADER);

        if (!ip)
            return 0;
        *change = sum_change(ip->source, source) + sum_change(ip->destination, destination);
        ip->hop_limit -= hops;
        ip->source[0] = source[0];
        ip->source[1] = source[1];
        ip->destination[0] = destination[0];
        ip->destination[1] = destination[1];
    } else {
        __u32 *words = (__u32 *)bytes_at(bounds, at, IPV4_HEADER);
        __u64 other;

        if (!words)
            return 0;
        *change = (__u64)(__u32)~words[3] + v4_of(source) + (__u32)~words[4] + v4_of(destination);
        // The hop limit is the first byte of its word in memory, so the low one.
        other = sum_change16(words[2], words[2] - hops);
        words[2] = ((words[2] - hops) & 0xffff) | (__u32)checksum_change(words[2] >> 16, *change + other) << 16;
        words[3] = v4_of(source);
        words[4] = v4_of(destination);
    }
    return 1;
}

// Gives the transport header at `at` other ports. `change`: see above.
static __always_inline int translate_ports(const struct bounds *bounds, __u64 at, __u8 protocol, __u16 source,
                                           __u16 destination, __u64 change) {
    __u16 *words = (__u16 *)bytes_at(bounds, at, protocol == IPPROTO_TCP ? TCP_HEADER : UDP_HEADER);

    // SCTP's checksum is over no addresses, and its ports stay (its CRC is no sum).
    if (protocol == PROTOCOL_SCTP)
        return 1;
    if (!words)
        return 0;
    change += sum_change16(words[0], source) + sum_change16(words[1], destination);
    words[0] = source;
    words[1] = destination;
    if (protocol == IPPROTO_UDP) {
        words[UDP_CHECKSUM / 2] = checksum_change_udp(words[UDP_CHECKSUM / 2], change);
        return 1;
    }
    words = (__u16 *)bytes_at(bounds, at + TCP_CHECKSUM, 2);
    if (!words)
        return 0;
    *words = checksum_change(*words, change);
    return 1;
}

// A packet of the flow itself.
static __always_inline int translate_packet(const struct bounds *bounds, const struct packet *p,
                                            const struct translation *to, __u32 hops) {
    __u64 change;

    if (!translate_header(bounds, p->l3, p->v6, to->source, to->destination, hops, &change))
        return 0;
    return p->flags & PACKET_LATER_FRAGMENT ||
           translate_ports(bounds, p->l4, p->protocol, to->source_port, to->destination_port, change);
}

// The transport header in an error's quote, of which eight bytes are certain: it was sent by the translation's
// destination. Returns what the whole quote adds to the error's own sum by `quoted_change` in its addresses.
static __always_inline int translate_quoted_ports(const struct bounds *bounds, const struct packet *p, __u64 at,
                                                  const struct translation *to, __u64 quoted_change,
                                                  __u64 *error_change) {
    __u16 *words = (__u16 *)bytes_at(bounds, at, 8);
    __u64 change;
    __u16 before;

    if (!words)
        return 0;
    change = sum_change16(words[0], to->destination_port) + sum_change16(words[1], to->source_port);
    *error_change += change;
    words[0] = to->destination_port;
    words[1] = to->source_port;
    change += quoted_change;
    if (p->protocol == IPPROTO_UDP) {
        before = words[UDP_CHECKSUM / 2];
        words[UDP_CHECKSUM / 2] = checksum_change_udp(before, change);
        *error_change += sum_change16(before, words[UDP_CHECKSUM / 2]);
    } else if (p->protocol == IPPROTO_TCP && at + TCP_CHECKSUM + 2 <= p->l3 + p->ip_length) {
        words = (__u16 *)bytes_at(bounds, at + TCP_CHECKSUM, 2);
        if (!words)
            return 0;
        before = *words;
        *words = checksum_change(before, change);
        *error_change += sum_change16(before, *words);
    }
    return 1;
}

// An ICMP error about a packet that went the other way: that packet is in the quote, with its ends exchanged. Whoever
// sent the error keeps his address, unless he is the flow's other end himself.
static __always_inline int translate_error(const struct bounds *bounds, const struct packet *p,
                                           const struct translation *to, __u32 hops) {
    __u64 source[2] = {}, outer_change, quoted_change, error_change = 0, quote = p->l4 + ICMP_HEADER, ports;
    __u16 *checksum;

    if (p->v6) {
        const struct ipv6_header *ip = bytes_at(bounds, p->l3, IPV6_HEADER);

        if (!ip)
            return 0;
        source[0] = ip->source[0];
        source[1] = ip->source[1];
        ports = quote + IPV6_HEADER;
    } else {
        const struct ipv4_header *ip = bytes_at(bounds, p->l3, IPV4_HEADER);
        const __u8 *first = bytes_at(bounds, quote, 1);

        if (!ip || !first)
            return 0;
        source[1] = v4_mapped(ip->source);
        ports = quote + (*first & 15) * 4;
    }
    if (same_address(source, p->source)) {
        source[0] = to->source[0];
        source[1] = to->source[1];
    }
    if (!translate_header(bounds, p->l3, p->v6, source, to->destination, hops, &outer_change) ||
        !translate_header(bounds, quote, p->v6, to->destination, to->source, 0, &quoted_change) ||
        !translate_quoted_ports(bounds, p, ports, to, quoted_change, &error_change))
        return 0;
    // A quoted IPv4 header's own checksum makes up for its addresses; IPv6 has none, but ICMPv6 a pseudo header.
    if (p->v6)
        error_change += outer_change + quoted_change;
    checksum = (__u16 *)bytes_at(bounds, p->l4 + 2, 2);
    if (!checksum)
        return 0;
    *checksum = checksum_change(*checksum, error_change);
    return 1;
}
