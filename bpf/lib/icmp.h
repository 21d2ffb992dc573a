// Answers that the data path itself gives, and what an ICMP error is about.
#pragma once

#include "account.h"
#include "frame.h"

// RFC 1624, equation 3, on words as they stand in the packet.
static __always_inline __u16 checksum_replace(__u16 checksum, __u16 before, __u16 after) {
    return checksum_fold((__u16)~checksum + (__u16)~before + after);
}

static __always_inline void swap_ethernet(__u8 *frame) {
    __u8 address[6];

    __builtin_memcpy(address, frame, 6);
    __builtin_memcpy(frame, frame + 6, 6);
    __builtin_memcpy(frame + 6, address, 6);
}

// Turns an echo request into its reply, in place.
static __always_inline int echo_answer(struct xdp_md *ctx, const struct packet *p) {
    struct bounds bounds = bounds_of(ctx);
    __u8 *frame = (__u8 *)bytes_at(&bounds, 0, ETH_HLEN);
    __u16 *icmp = (__u16 *)bytes_at(&bounds, p->l4, ICMP_HEADER);
    __u16 request;

    if (!frame || !icmp)
        return OUTCOME_DROP_INTERNAL;
    if (p->v6) {
        struct ipv6_header *ip = (struct ipv6_header *)bytes_at(&bounds, p->l3, IPV6_HEADER);

        if (!ip)
            return OUTCOME_DROP_INTERNAL;
        ip->source[0] = p->destination[0];
        ip->source[1] = p->destination[1];
        ip->destination[0] = p->source[0];
        ip->destination[1] = p->source[1];
    } else {
        struct ipv4_header *ip = (struct ipv4_header *)bytes_at(&bounds, p->l3, IPV4_HEADER);

        if (!ip)
            return OUTCOME_DROP_INTERNAL;
        ip->source = v4_of(p->destination);
        ip->destination = v4_of(p->source);
    }
    // The type is the first byte in memory, so the low one of the word.
    request = icmp[0];
    icmp[0] = (request & 0xff00) | (p->v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHO_REPLY);
    icmp[1] = checksum_replace(icmp[1], request, icmp[0]);
    swap_ethernet(frame);
    return OUTCOME_TX_ECHO;
}

// The packet that an ICMP error quotes, seen from the client: `peer` is the quoted destination. Ports in network order.
struct quote {
    __u64 peer[2];
    __u16 source_port;
    __u16 destination_port;
    __u8 protocol;
};

// Reads the quote, which may be as short as an IP header and 8 bytes (RFC 792). False where there is none, or where it
// was not sent by the one to whom the error is addressed.
static __always_inline int quote_read(const struct bounds *bounds, const struct packet *p, struct quote *quote) {
    __u64 offset = p->l4 + ICMP_HEADER;
    __u64 end = p->l3 + p->ip_length;
    const __be16 *ports;
    __u64 quoted_source[2] = {};

    quote->peer[0] = 0;
    if (p->v6) {
        const struct ipv6_header *quoted = bytes_at(bounds, offset, IPV6_HEADER);

        offset += IPV6_HEADER;
        if (!quoted || offset + 8 > end || bpf_ntohl(quoted->version_class_label) >> 28 != 6)
            return 0;
        quoted_source[0] = quoted->source[0];
        quoted_source[1] = quoted->source[1];
        quote->peer[0] = quoted->destination[0];
        quote->peer[1] = quoted->destination[1];
        quote->protocol = quoted->next_header;
    } else {
        const struct ipv4_header *quoted = bytes_at(bounds, offset, IPV4_HEADER);
        __u32 header;

        if (!quoted)
            return 0;
        header = (quoted->version_length & 15) * 4;
        offset += header;
        if (quoted->version_length >> 4 != 4 || header < IPV4_HEADER || offset + 8 > end ||
            quoted->fragment & bpf_htons(IP_OFFSET_MASK))
            return 0;
        quoted_source[1] = v4_mapped(quoted->source);
        quote->peer[1] = v4_mapped(quoted->destination);
        quote->protocol = quoted->protocol;
    }
    ports = bytes_at(bounds, offset, 8);
    if (!ports || !same_address(quoted_source, p->destination))
        return 0;
    quote->source_port = quote->destination_port = 0;
    if (has_ports(quote->protocol)) {
        quote->source_port = ports[1];
        quote->destination_port = ports[0];
    } else if (quote->protocol == (p->v6 ? PROTOCOL_ICMPV6 : IPPROTO_ICMP)) {
        quote->source_port = quote->destination_port = ports[2]; // an echo's identifier
    }
    return 1;
}

// Makes the flow that the error is about the packet's flow.
static __always_inline void quote_apply(struct packet *p, const struct quote *quote) {
    p->source[0] = quote->peer[0];
    p->source[1] = quote->peer[1];
    p->source_port = quote->source_port;
    p->destination_port = quote->destination_port;
    p->protocol = quote->protocol;
    p->flags |= PACKET_ICMP_ERROR;
    TRACE_FLAG(TRACE_ICMP_ERROR);
}
