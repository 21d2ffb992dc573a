// A packet that does not fit the tunnel to its backend is dropped, and its sender told what would fit: path MTU
// discovery then works as if the tunnel were a link (RFC 1191, RFC 8201). At a bounded rate, and never about an ICMP
// error or a later fragment (RFC 1122, section 3.2.2).
#pragma once

#include "icmp.h"

#define QUOTE_V6 512 // bytes of the packet in an ICMPv6 error; a multiple of 4 that the checksum helper takes at once
#define QUOTE_V4 8   // bytes behind the quoted IP header (RFC 792)
#define MTU_MIN_V6 1280
#define ANSWER_TTL 64

struct icmp_too_big {
    __u8 type;
    __u8 code;
    __u16 checksum;
    __be32 mtu; // IPv4: the low 16 bits (RFC 1191)
};

static __always_inline int too_big4(struct xdp_md *ctx, const struct packet *p, __u32 mtu, const __u8 addresses[12]) {
    __u32 quote = (p->l4 - p->l3) + QUOTE_V4;
    __u32 length = IPV4_HEADER + ICMP_HEADER + quote;
    __u32 at;
    struct bounds bounds;
    struct ipv4_header *ip;
    struct icmp_too_big *icmp;
    __u16 *words;
    __u32 sum = 0;

    if (quote > p->ip_length || quote > 60 + QUOTE_V4)
        return 0;
    if (bpf_xdp_adjust_tail(ctx, (int)(p->l3 + quote) - (int)p->frame_length))
        return 0;
    at = frame_reframe(ctx, p, p->l3, IPV4_HEADER + ICMP_HEADER, addresses, bpf_htons(ETH_P_IP), 1);
    if (!at)
        return 0;
    bounds = bounds_of(ctx);
    ip = (struct ipv4_header *)bytes_at(&bounds, at, IPV4_HEADER);
    icmp = (struct icmp_too_big *)bytes_at(&bounds, at + IPV4_HEADER, ICMP_HEADER);
    if (!ip || !icmp)
        return 0;
    __builtin_memset(ip, 0, IPV4_HEADER);
    ip->version_length = 0x45;
    ip->total_length = bpf_htons(length);
    ip->ttl = ANSWER_TTL;
    ip->protocol = IPPROTO_ICMP;
    ip->source = v4_of(p->destination);
    ip->destination = v4_of(p->source);
    words = (__u16 *)ip;
#pragma unroll
    for (int i = 0; i < IPV4_HEADER / 2; i++)
        sum += words[i];
    ip->checksum = checksum_fold(sum);
    icmp->type = ICMP_UNREACHABLE;
    icmp->code = 4;
    icmp->checksum = 0;
    icmp->mtu = bpf_htonl(mtu);
    sum = 0;
    for (__u64 offset = 0; offset < ICMP_HEADER + 60 + QUOTE_V4; offset += 2) {
        const __u16 *word = bytes_at(&bounds, at + IPV4_HEADER + offset, 2);

        if (offset >= ICMP_HEADER + quote || !word)
            break;
        sum += *word;
    }
    icmp->checksum = checksum_fold(sum);
    return 1;
}

static __always_inline int too_big6(struct xdp_md *ctx, const struct packet *p, __u32 mtu, const __u8 addresses[12]) {
    __u32 at;
    struct bounds bounds;
    struct ipv6_header *ip;
    struct icmp_too_big *icmp;
    const __be32 *message;
    __u64 addresses_sum = 0;
    __s64 sum;

    if (p->ip_length < QUOTE_V6)
        return 0;
    if (bpf_xdp_adjust_tail(ctx, (int)(p->l3 + QUOTE_V6) - (int)p->frame_length))
        return 0;
    at = frame_reframe(ctx, p, p->l3, IPV6_HEADER + ICMP_HEADER, addresses, bpf_htons(ETH_P_IPV6), 1);
    if (!at)
        return 0;
    bounds = bounds_of(ctx);
    ip = (struct ipv6_header *)bytes_at(&bounds, at, IPV6_HEADER);
    icmp = (struct icmp_too_big *)bytes_at(&bounds, at + IPV6_HEADER, ICMP_HEADER);
    message = bytes_at(&bounds, at + IPV6_HEADER, ICMP_HEADER + QUOTE_V6);
    if (!ip || !icmp || !message)
        return 0;
    ip->version_class_label = bpf_htonl(6u << 28);
    ip->payload_length = bpf_htons(ICMP_HEADER + QUOTE_V6);
    ip->next_header = PROTOCOL_ICMPV6;
    ip->hop_limit = ANSWER_TTL;
    ip->source[0] = p->destination[0];
    ip->source[1] = p->destination[1];
    ip->destination[0] = p->source[0];
    ip->destination[1] = p->source[1];
    icmp->type = ICMPV6_TOO_BIG;
    icmp->code = 0;
    icmp->checksum = 0;
    icmp->mtu = bpf_htonl(mtu < MTU_MIN_V6 ? MTU_MIN_V6 : mtu);
    // The pseudo header: addresses, length, next header (RFC 8200, section 8.1).
    for (int i = 0; i < 2; i++) {
        addresses_sum += (__u32)p->source[i] + (p->source[i] >> 32);
        addresses_sum += (__u32)p->destination[i] + (p->destination[i] >> 32);
    }
    addresses_sum += bpf_htonl(ICMP_HEADER + QUOTE_V6) + bpf_htonl(PROTOCOL_ICMPV6);
    sum = bpf_csum_diff(0, 0, (__be32 *)message, QUOTE_V6, 0);
    if (sum < 0)
        return 0;
    message = bytes_at(&bounds, at + IPV6_HEADER + QUOTE_V6, ICMP_HEADER);
    if (!message)
        return 0;
    addresses_sum += (__u32)sum;
    addresses_sum += message[0];
    addresses_sum += message[1];
    addresses_sum = (addresses_sum & 0xffffffff) + (addresses_sum >> 32);
    addresses_sum = (addresses_sum & 0xffff) + (addresses_sum >> 16 & 0xffff) + (addresses_sum >> 32);
    icmp->checksum = checksum_fold(addresses_sum);
    return 1;
}

// Turns the frame, described in this CPU's workspace, into the answer. True where one is to be sent.
__noinline int too_big_answer(struct xdp_md *ctx, __u32 cpu, __u32 mtu) {
    struct workspace *own = workspace_rationed(cpu);
    struct bounds bounds = bounds_of(ctx);
    const __u8 *frame = bytes_at(&bounds, 0, ETH_HLEN);
    __u8 addresses[12];

    if (!own || !frame || own->packet.flags & (PACKET_ICMP_ERROR | PACKET_LATER_FRAGMENT))
        return 0;
    if (own->too_big >= control.too_big_per_second)
        return 0;
    own->too_big++;
    __builtin_memcpy(addresses, frame + 6, 6);
    __builtin_memcpy(addresses + 6, frame, 6);
    return own->packet.v6 ? too_big6(ctx, &own->packet, mtu, addresses) : too_big4(ctx, &own->packet, mtu, addresses);
}
