// The parser for nearly every packet of nearly every service: Ethernet without tags, IP without options, extension
// headers or fragments, TCP or UDP, everything in order.
//
// It exists for speed alone: offsets are constants, one bounds check covers all headers, and the description stays in
// registers. It never refuses a packet; whatever is out of the ordinary is left to the parser of parse.h.
#pragma once

#include "parse.h"

struct plain_tcp {
    __be16 source_port;
    __be16 destination_port;
    __be32 sequence;
    __be32 acknowledgement;
    __u8 data_offset;
    __u8 flags;
    __be16 window;
    __be32 checksum_urgent;
};

_Static_assert(sizeof(struct plain_tcp) == TCP_HEADER, "plain_tcp");

// The parsers below return true where all is in order, and `p` then describes the packet. False says nothing, and
// leaves nothing to rely on in `p`.

// UDP packets with less than twelve bytes of payload are not plain: the bounds check is one for both protocols.
static __always_inline int plain_transport(const struct plain_tcp *tcp, struct packet *p, __u32 payload) {
    if (likely(p->protocol == IPPROTO_TCP)) {
        __u32 header = (tcp->data_offset >> 4) * 4;

        if (header < TCP_HEADER || header > payload || impossible_tcp_flags(tcp->flags))
            return 0;
        p->flags |= tcp_packet_flags(tcp->flags);
    } else {
        __u32 length = bpf_ntohs(((const __be16 *)tcp)[2]);

        if (p->protocol != IPPROTO_UDP || length < UDP_HEADER || length > payload)
            return 0;
    }
    p->flags |= PACKET_ADDRESSED;
    p->source_port = tcp->source_port;
    p->destination_port = tcp->destination_port;
    return 1;
}

static __always_inline int plain_ipv4(const struct ipv4_header *ip, struct packet *p) {
    p->ip_length = bpf_ntohs(ip->total_length);
    if (ip->version_length != 0x45 || ip->fragment & bpf_htons(IP_MORE_FRAGMENTS | IP_OFFSET_MASK) || !ip->ttl ||
        p->ip_length < IPV4_HEADER || ETH_HLEN + p->ip_length > p->frame_length ||
        impossible4(bpf_ntohl(ip->source), bpf_ntohl(ip->destination)))
        return 0;
    p->source[0] = p->destination[0] = 0;
    p->source[1] = v4_mapped(ip->source);
    p->destination[1] = v4_mapped(ip->destination);
    p->protocol = ip->protocol;
    p->tos = ip->tos;
    p->v6 = 0;
    p->l3 = ETH_HLEN;
    p->l4 = ETH_HLEN + IPV4_HEADER;
    return plain_transport((const void *)(ip + 1), p, p->ip_length - IPV4_HEADER);
}

static __always_inline int plain_ipv6(const struct ipv6_header *ip, struct packet *p) {
    __u32 first = bpf_ntohl(ip->version_class_label);

    p->ip_length = IPV6_HEADER + bpf_ntohs(ip->payload_length);
    p->source[0] = ip->source[0];
    p->source[1] = ip->source[1];
    p->destination[0] = ip->destination[0];
    p->destination[1] = ip->destination[1];
    if (first >> 28 != 6 || !ip->hop_limit || ETH_HLEN + p->ip_length > p->frame_length ||
        impossible6(p->source, p->destination))
        return 0;
    p->protocol = ip->next_header;
    p->tos = first >> 20;
    p->v6 = 1;
    p->l3 = ETH_HLEN;
    p->l4 = ETH_HLEN + IPV6_HEADER;
    return plain_transport((const void *)(ip + 1), p, p->ip_length - IPV6_HEADER);
}

// Whether the frame is untagged Ethernet with `ethertype`, and long enough for an IP header of `header` bytes and TCP.
static __always_inline int is_plain(const struct bounds *bounds, __u16 ethertype, __u32 header) {
    const struct ethernet *ethernet = bounds->data;

    return bounds->data + ETH_HLEN + header + TCP_HEADER <= bounds->end && ethernet->type == bpf_htons(ethertype);
}
