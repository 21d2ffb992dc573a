// ICMP errors that the data path itself sends, about a packet that it dropped, in the name of the address that the
// packet was for: RFC 792, RFC 4443.
#pragma once

#include "icmp.h"

#define QUOTE_V6 512 // bytes of the packet in an ICMPv6 error, where it has as many
#define QUOTE_V4 8   // bytes behind the quoted IP header (RFC 792)
#define ANSWER_TTL 64
#define IP_DONT_FRAGMENT 0x4000

struct icmp_error {
    __u8 type;
    __u8 code;
    __u16 checksum;
    __be32 parameter; // the MTU that fits, or nothing
};

// Whether a packet may be answered at all: never an ICMP error or a later fragment, nor one whose sender is no single
// host (RFC 1122, section 3.2.2; RFC 4443, section 2.4(e)). Leaves the answer's Ethernet addresses.
static __always_inline int answer_allowed(const struct xdp_md *ctx, const struct packet *p, __u8 addresses[12]) {
    struct bounds bounds = bounds_of(ctx);
    const __u8 *frame = bytes_at(&bounds, 0, ETH_HLEN);
    __u32 v4 = bpf_ntohl(v4_of(p->source));

    if (!frame || frame[0] & 1 || p->flags & (PACKET_ICMP_ERROR | PACKET_LATER_FRAGMENT))
        return 0;
    if (p->v6 ? !(p->source[0] | p->source[1]) : !v4 || v4 >> 28 == 15)
        return 0;
    __builtin_memcpy(addresses, frame + 6, 6);
    __builtin_memcpy(addresses + 6, frame, 6);
    return 1;
}

// Puts the IP header of an answer with `payload` bytes behind it at `at`. True where there is room.
static __always_inline int answer_header4(const struct bounds *bounds, __u32 at, const struct packet *p, __u8 protocol,
                                          __u32 payload, __u16 fragment) {
    struct ipv4_header *ip = (struct ipv4_header *)bytes_at(bounds, at, IPV4_HEADER);
    const __u16 *words = (const __u16 *)ip;
    __u32 sum = 0;

    if (!ip)
        return 0;
    __builtin_memset(ip, 0, IPV4_HEADER);
    ip->version_length = 0x45;
    ip->total_length = bpf_htons(IPV4_HEADER + payload);
    ip->fragment = bpf_htons(fragment);
    ip->ttl = ANSWER_TTL;
    ip->protocol = protocol;
    ip->source = v4_of(p->destination);
    ip->destination = v4_of(p->source);
#pragma unroll
    for (int i = 0; i < IPV4_HEADER / 2; i++)
        sum += words[i];
    ip->checksum = checksum_fold(sum);
    return 1;
}

static __always_inline int answer_header6(const struct bounds *bounds, __u32 at, const struct packet *p, __u8 protocol,
                                          __u32 payload) {
    struct ipv6_header *ip = (struct ipv6_header *)bytes_at(bounds, at, IPV6_HEADER);

    if (!ip)
        return 0;
    ip->version_class_label = bpf_htonl(6u << 28);
    ip->payload_length = bpf_htons(payload);
    ip->next_header = protocol;
    ip->hop_limit = ANSWER_TTL;
    ip->source[0] = p->destination[0];
    ip->source[1] = p->destination[1];
    ip->destination[0] = p->source[0];
    ip->destination[1] = p->source[1];
    return 1;
}

static __always_inline __u64 sum32(__u64 word) { return (__u32)word + (word >> 32); }

// The pseudo header of a checksum: addresses, length, protocol (RFC 9293, section 3.1; RFC 8200, section 8.1).
static __always_inline __u32 pseudo_sum(const struct packet *p, __u8 protocol, __u32 length) {
    __u64 sum = bpf_htonl(length) + (__u64)bpf_htonl(protocol);

    if (p->v6)
        sum += sum32(p->source[0]) + sum32(p->source[1]) + sum32(p->destination[0]) + sum32(p->destination[1]);
    else
        sum += (__u64)v4_of(p->source) + v4_of(p->destination);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    return sum;
}

// Adds up to ICMP_HEADER + QUOTE_V6 bytes to a checksum's sum. False where they are not there.
static __always_inline int sum_bytes(const struct bounds *bounds, __u64 at, __u32 length, __u32 *sum) {
    for (__u32 offset = 0; offset < ICMP_HEADER + QUOTE_V6; offset += 2) {
        const __u16 *word;

        if (offset + 2 > length)
            break;
        word = bytes_at(bounds, at + offset, 2);
        if (!word)
            return 0;
        *sum += *word;
    }
    if (length & 1) {
        const __u8 *last = bytes_at(bounds, at + length - 1, 1);

        if (!last)
            return 0;
        *sum += *last;
    }
    return 1;
}

// Turns the frame, described in this CPU's workspace, into an ICMP error about its packet, back where it came from.
// True where it is to be sent.
__noinline int icmp_error_answer(struct xdp_md *ctx, __u32 cpu, __u8 type, __u8 code, __u32 parameter) {
    const struct workspace *own = workspace_of(cpu);
    const struct packet *p;
    __u32 quote, header, at, sum = 0;
    struct icmp_error *icmp;
    struct bounds bounds;
    __u8 addresses[12];

    if (!own)
        return 0;
    p = &own->packet;
    if (!answer_allowed(ctx, p, addresses))
        return 0;
    header = p->v6 ? IPV6_HEADER : IPV4_HEADER;
    quote = p->v6 ? QUOTE_V6 : p->l4 - p->l3 + QUOTE_V4;
    if (quote > p->ip_length)
        quote = p->ip_length;
    if (quote > QUOTE_V6 || bpf_xdp_adjust_tail(ctx, (int)(p->l3 + quote) - (int)p->frame_length))
        return 0;
    at = frame_reframe(ctx, p, p->l3, header + ICMP_HEADER, addresses,
                       p->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP), 1);
    if (!at)
        return 0;
    bounds = bounds_of(ctx);
    if (p->v6) {
        sum = pseudo_sum(p, PROTOCOL_ICMPV6, ICMP_HEADER + quote);
        if (!answer_header6(&bounds, at, p, PROTOCOL_ICMPV6, ICMP_HEADER + quote))
            return 0;
    } else if (!answer_header4(&bounds, at, p, IPPROTO_ICMP, ICMP_HEADER + quote, 0)) {
        return 0;
    }
    at += header;
    icmp = (struct icmp_error *)bytes_at(&bounds, at, ICMP_HEADER);
    if (!icmp)
        return 0;
    icmp->type = type;
    icmp->code = code;
    icmp->checksum = 0;
    icmp->parameter = bpf_htonl(parameter);
    if (!sum_bytes(&bounds, at, ICMP_HEADER + quote, &sum))
        return 0;
    icmp = (struct icmp_error *)bytes_at(&bounds, at, ICMP_HEADER);
    if (!icmp)
        return 0;
    icmp->checksum = checksum_fold(sum);
    return 1;
}
