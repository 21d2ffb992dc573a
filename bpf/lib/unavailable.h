// What a service without a usable backend answers: nothing, a TCP reset, or that its port cannot be reached. At a
// bounded rate, from the VIP, back where the packet came from.
#pragma once

#include "icmperror.h"

#define ICMP_PORT_UNREACHABLE 3
#define ICMPV6_PORT_UNREACHABLE 4

struct tcp_header {
    __be16 source_port;
    __be16 destination_port;
    __be32 sequence;
    __be32 acknowledgement;
    __u8 data_offset; // in the high four bits
    __u8 flags;
    __be16 window;
    __u16 checksum;
    __be16 urgent;
};

_Static_assert(sizeof(struct tcp_header) == TCP_HEADER, "tcp_header");

// The reset that a closed port sends (RFC 9293, section 3.10.7.1).
static __always_inline void reset_fill(struct tcp_header *reset, const struct packet *p, __u32 sequence,
                                       __u32 acknowledgement, __u8 flags) {
    const __u16 *words = (const __u16 *)reset;
    __u32 sum = pseudo_sum(p, IPPROTO_TCP, TCP_HEADER);

    __builtin_memset(reset, 0, TCP_HEADER);
    reset->source_port = p->destination_port;
    reset->destination_port = p->source_port;
    reset->sequence = bpf_htonl(sequence);
    reset->acknowledgement = bpf_htonl(acknowledgement);
    reset->data_offset = TCP_HEADER / 4 << 4;
    reset->flags = flags;
#pragma unroll
    for (int i = 0; i < TCP_HEADER / 2; i++)
        sum += words[i];
    reset->checksum = checksum_fold(sum);
}

static __always_inline int reset_answer(struct xdp_md *ctx, const struct packet *p) {
    struct bounds bounds = bounds_of(ctx);
    const struct tcp_header *tcp = bytes_at(&bounds, p->l4, TCP_HEADER);
    __u32 sequence = 0, acknowledgement = 0, header = p->v6 ? IPV6_HEADER : IPV4_HEADER, at;
    __u8 flags = TCP_RST, addresses[12];
    struct tcp_header *reset;

    if (!tcp || !answer_allowed(ctx, p, addresses))
        return 0;
    if (tcp->flags & TCP_ACK) {
        sequence = bpf_ntohl(tcp->acknowledgement);
    } else {
        acknowledgement = bpf_ntohl(tcp->sequence) + p->ip_length - (p->l4 - p->l3) - (tcp->data_offset >> 4) * 4 +
                          !!(tcp->flags & TCP_SYN) + (tcp->flags & TCP_FIN);
        flags |= TCP_ACK;
    }
    // The answer takes the packet's place; of that, as much stays as a TCP header has.
    if (bpf_xdp_adjust_tail(ctx, (int)(p->l3 + TCP_HEADER) - (int)p->frame_length))
        return 0;
    at = frame_reframe(ctx, p, p->l3, header, addresses, p->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP), 1);
    if (!at)
        return 0;
    bounds = bounds_of(ctx);
    if (!(p->v6 ? answer_header6(&bounds, at, p, IPPROTO_TCP, TCP_HEADER)
                : answer_header4(&bounds, at, p, IPPROTO_TCP, TCP_HEADER, IP_DONT_FRAGMENT)))
        return 0;
    reset = (struct tcp_header *)bytes_at(&bounds, at + header, TCP_HEADER);
    if (!reset)
        return 0;
    reset_fill(reset, p, sequence, acknowledgement, flags);
    return 1;
}

// Turns the frame, described in this CPU's workspace, into the answer that the service's `flags` ask for. True where
// one is to be sent. A reset and a fragment have none.
__noinline int unavailable_answer(struct xdp_md *ctx, __u32 cpu, __u32 flags) {
    struct workspace *own = workspace_rationed(cpu);
    const struct tcp_header *tcp;
    struct bounds bounds;

    if (!own || own->packet.flags & PACKET_FRAGMENT || own->refusals >= control.refusals_per_second)
        return 0;
    own->refusals++;
    if (own->packet.protocol == IPPROTO_TCP && !(own->packet.flags & PACKET_ICMP_ERROR)) {
        bounds = bounds_of(ctx);
        tcp = bytes_at(&bounds, own->packet.l4, TCP_HEADER);
        if (!tcp || tcp->flags & TCP_RST)
            return 0;
        if (flags & SERVICE_UNAVAILABLE_RESET)
            return reset_answer(ctx, &own->packet);
    }
    return own->packet.v6 ? icmp_error_answer(ctx, cpu, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, 0)
                          : icmp_error_answer(ctx, cpu, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
}

// The outcome of a packet for a service that has no backend for it.
static __always_inline int unavailable(struct xdp_md *ctx, struct packet *p, const struct service *service) {
    if (config.dry_run || !(service->flags & SERVICE_UNAVAILABLE))
        return OUTCOME_DROP_NO_BACKEND;
    workspace_put(p);
    if (unavailable_answer(ctx, p->cpu, service->flags))
        p->flags |= PACKET_ANSWERED;
    return OUTCOME_DROP_NO_BACKEND;
}
