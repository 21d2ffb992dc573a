// From bytes to a flow.
//
// Every parser takes the packet's bounds, fills in `struct packet`, and returns CONTINUE or the outcome of a packet
// that goes no further. Whatever no honest sender makes is malformed and is never passed on.
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>

#include "packet.h"

#define ETHERTYPE_LLDP 0x88cc
#define ETHERTYPE_SLOW 0x8809 // LACP, marker, OAM
#define ETHERTYPE_EAPOL 0x888e
#define ETHERTYPE_LENGTH_MAX 0x05ff // up to here the field is a length (IEEE 802.3), and LLC follows

#define VLAN_TAGS_MAX 2
#define EXTENSION_HEADERS_MAX 6

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8
#define SCTP_HEADER 12
#define ICMP_HEADER 8
#define ICMP_HEADER_SHORT 4 // what types without a second word have at least

#define IP_MORE_FRAGMENTS 0x2000
#define IP_OFFSET_MASK 0x1fff

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_FLAGS 0x3f

#define SCTP_INIT 1 // a chunk's type

#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_ECHO_REQUEST 8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_TOO_BIG 2
#define ICMPV6_TIME_EXCEEDED 3
#define ICMPV6_PARAMETER_PROBLEM 4
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129
#define ICMPV6_ROUTER_SOLICIT 133
#define ICMPV6_ROUTER_ADVERT 134
#define ICMPV6_REDIRECT 137

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_IPIP 4
#define PROTOCOL_IPV6 41
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_DESTINATION_OPTIONS 60
#define PROTOCOL_SCTP 132

struct ethernet {
    __u8 destination[6];
    __u8 source[6];
    __be16 type;
};

struct ipv4_header {
    __u8 version_length;
    __u8 tos;
    __be16 total_length;
    __be16 id;
    __be16 fragment;
    __u8 ttl;
    __u8 protocol;
    __u16 checksum;
    __be32 source;
    __be32 destination;
};

struct ipv6_header {
    __be32 version_class_label;
    __be16 payload_length;
    __u8 next_header;
    __u8 hop_limit;
    __u64 source[2];
    __u64 destination[2];
} __attribute__((packed, aligned(4)));

struct bounds {
    const void *data;
    const void *end;
};

// Headers end long before this; the verifier wants offsets bounded well under 64 KiB.
#define HEADERS_MAX 4096

// A pointer to `bytes` readable bytes at `offset`, or NULL. Offsets are kept in 64 bits, because the verifier loses the
// bounds of 32-bit sums.
static __always_inline const void *bytes_at(const struct bounds *bounds, __u64 offset, __u64 bytes) {
    const void *at;

    if (offset > HEADERS_MAX)
        return 0;
    // Linux 6.1 forgets the comparison where the offset was spilled before it; the mask holds wherever it is computed.
    barrier_var(offset);
    offset &= 2 * HEADERS_MAX - 1;
    at = bounds->data + offset;
    // The check below must be of the very register that is used later: clang would compute the pointer a second time,
    // and the verifier (all kernels so far) does not see that both are the same.
    barrier_var(at);
    return at + bytes <= bounds->end ? at : 0;
}

static __always_inline int has_ports(__u8 protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == PROTOCOL_SCTP;
}

// Ethernet with up to two VLAN tags. Leaves the EtherType of what follows in `ethertype`.
static __always_inline int parse_ethernet(const struct bounds *bounds, struct packet *p, __u16 *ethertype) {
    const __be16 *type = bytes_at(bounds, 12, 2);

    if (!type)
        return OUTCOME_DROP_MALFORMED;
    p->l3 = ETH_HLEN;
#pragma unroll
    for (int tag = 0; tag < VLAN_TAGS_MAX; tag++) {
        if (*type != bpf_htons(ETH_P_8021Q) && *type != bpf_htons(ETH_P_8021AD))
            break;
        type = bytes_at(bounds, p->l3 + 2, 2);
        if (!type)
            return OUTCOME_DROP_MALFORMED;
        p->l3 += 4;
    }
    *ethertype = bpf_ntohs(*type);
    return CONTINUE;
}

// Frames without IP: what a link needs to work passes, nothing else.
static __always_inline int parse_not_ip(const struct bounds *bounds, __u16 ethertype) {
    const __u8 *destination = bounds->data;

    switch (ethertype) {
    case ETH_P_ARP:
    case ETHERTYPE_LLDP:
    case ETHERTYPE_SLOW:
    case ETHERTYPE_EAPOL:
        return OUTCOME_PASS_UPKEEP;
    }
    // Spanning tree and its kin: LLC to the bridge group, 01:80:c2:00:00:0x (IEEE 802.1D, table 7-10).
    if (ethertype <= ETHERTYPE_LENGTH_MAX && bytes_at(bounds, 0, 6) && destination[0] == 0x01 &&
        destination[1] == 0x80 && destination[2] == 0xc2 && !destination[3] && !destination[4] && destination[5] < 16)
        return OUTCOME_PASS_UPKEEP;
    return OUTCOME_DROP_NOT_IP;
}

// Sources that cannot be (multicast, loopback, broadcast, the destination itself), and loopback as a destination. In
// host order.
static __always_inline int impossible4(__u32 source, __u32 destination) {
    return source >> 28 == 14 || source >> 24 == 127 || source == 0xffffffff || source == destination ||
           destination >> 24 == 127;
}

// ::1 and ::ffff:0:0/96, which never are on a wire.
static __always_inline int unroutable6(const __u64 address[2]) {
    return !address[0] && (address[1] == 1ull << 56 || (__u32)address[1] == V4_MAPPED_LOW);
}

static __always_inline int impossible6(const __u64 source[2], const __u64 destination[2]) {
    return (__u8)source[0] == 0xff || same_address(source, destination) || unroutable6(source) ||
           unroutable6(destination);
}

static __always_inline int parse_ipv4(const struct bounds *bounds, struct packet *p) {
    const struct ipv4_header *ip = bytes_at(bounds, p->l3, IPV4_HEADER);
    __u32 header, fragment;

    if (!ip)
        return OUTCOME_DROP_MALFORMED;
    header = (ip->version_length & 15) * 4;
    p->ip_length = bpf_ntohs(ip->total_length);
    if (ip->version_length >> 4 != 4 || header < IPV4_HEADER || p->ip_length < header ||
        p->l3 + p->ip_length > p->frame_length || !ip->ttl)
        return OUTCOME_DROP_MALFORMED;

    p->source[0] = p->destination[0] = 0;
    p->source[1] = v4_mapped(ip->source);
    p->destination[1] = v4_mapped(ip->destination);
    p->protocol = ip->protocol;
    p->source_port = p->destination_port = 0;
    p->flags |= PACKET_ADDRESSED;
    if (impossible4(bpf_ntohl(ip->source), bpf_ntohl(ip->destination)))
        return OUTCOME_DROP_MALFORMED;

    p->tos = ip->tos;
    p->hop_limit = ip->ttl;
    p->v6 = 0;
    p->l4 = p->l3 + header;
    fragment = bpf_ntohs(ip->fragment);
    if (unlikely(fragment & (IP_MORE_FRAGMENTS | IP_OFFSET_MASK))) {
        p->fragment_id = ip->id;
        p->flags |= fragment & IP_OFFSET_MASK ? PACKET_LATER_FRAGMENT : PACKET_FIRST_FRAGMENT;
        // A fragment that would rewrite the TCP header of the one before it (RFC 3128).
        if ((fragment & IP_OFFSET_MASK) == 1 && ip->protocol == IPPROTO_TCP)
            return OUTCOME_DROP_MALFORMED;
    }
    return CONTINUE;
}

static __always_inline int is_extension(__u8 header) {
    return header == PROTOCOL_HOP_BY_HOP || header == PROTOCOL_ROUTING || header == PROTOCOL_FRAGMENT ||
           header == PROTOCOL_DESTINATION_OPTIONS;
}

struct extension_header {
    __u8 next_header;
    __u8 length; // in 8 bytes, not counting the first 8; reserved in a fragment header
    __be16 fragment;
    __be32 id;
};

static __always_inline int parse_extensions(const struct bounds *bounds, struct packet *p) {
    __u64 offset = p->l4;
    __u64 packet_end = p->l3 + p->ip_length;

#pragma unroll
    for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
        const struct extension_header *header = bytes_at(bounds, offset, sizeof(*header));

        if (!header)
            return OUTCOME_DROP_MALFORMED;
        if (p->protocol == PROTOCOL_FRAGMENT) {
            __u16 fragment = bpf_ntohs(header->fragment);

            if (p->flags & PACKET_FRAGMENT)
                return OUTCOME_DROP_MALFORMED;
            // Neither offset nor more to come: an atomic fragment (RFC 6946), whole in itself.
            if (fragment & ~7)
                p->flags |= PACKET_LATER_FRAGMENT;
            else if (fragment & 1)
                p->flags |= PACKET_FIRST_FRAGMENT;
            if (fragment >> 3 == 1 && header->next_header == IPPROTO_TCP)
                return OUTCOME_DROP_MALFORMED;
            p->fragment_id = header->id;
            offset += 8;
        } else {
            offset += ((__u64)header->length + 1) * 8;
        }
        p->protocol = header->next_header;
        if (offset > packet_end)
            return OUTCOME_DROP_MALFORMED;
        // What follows is in another packet's place.
        if (p->flags & PACKET_LATER_FRAGMENT || !is_extension(p->protocol))
            break;
    }
    p->l4 = offset;
    return is_extension(p->protocol) && !(p->flags & PACKET_LATER_FRAGMENT) ? OUTCOME_DROP_MALFORMED : CONTINUE;
}

static __always_inline int parse_ipv6(const struct bounds *bounds, struct packet *p) {
    const struct ipv6_header *ip = bytes_at(bounds, p->l3, IPV6_HEADER);
    __u32 first;

    if (!ip)
        return OUTCOME_DROP_MALFORMED;
    first = bpf_ntohl(ip->version_class_label);
    p->ip_length = IPV6_HEADER + bpf_ntohs(ip->payload_length);
    if (first >> 28 != 6 || p->l3 + p->ip_length > p->frame_length || !ip->hop_limit)
        return OUTCOME_DROP_MALFORMED;

    p->source[0] = ip->source[0];
    p->source[1] = ip->source[1];
    p->destination[0] = ip->destination[0];
    p->destination[1] = ip->destination[1];
    p->protocol = ip->next_header;
    p->source_port = p->destination_port = 0;
    p->flags |= PACKET_ADDRESSED;
    if (impossible6(p->source, p->destination))
        return OUTCOME_DROP_MALFORMED;

    p->tos = first >> 20;
    p->hop_limit = READ_ONCE(ip->hop_limit); // else clang reads it where it is used, out of the checked bounds
    p->v6 = 1;
    p->l4 = p->l3 + IPV6_HEADER;
    return unlikely(is_extension(p->protocol)) ? parse_extensions(bounds, p) : CONTINUE;
}

// Flags that no connection has: none, SYN with FIN or RST, FIN, PSH and URG without ACK.
static __always_inline int impossible_tcp_flags(__u8 flags) {
    return !(flags & TCP_FLAGS) || (flags & (TCP_SYN | TCP_FIN)) == (TCP_SYN | TCP_FIN) ||
           (flags & (TCP_SYN | TCP_RST)) == (TCP_SYN | TCP_RST) ||
           (flags & (TCP_FIN | TCP_PSH | TCP_URG | TCP_ACK)) == (TCP_FIN | TCP_PSH | TCP_URG);
}

static __always_inline __u32 tcp_packet_flags(__u8 flags) {
    return ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? PACKET_SYN : 0) |
           (flags & (TCP_FIN | TCP_RST) ? PACKET_CLOSING : 0);
}

static __always_inline int parse_tcp(const struct bounds *bounds, struct packet *p, __u32 payload) {
    const __be16 *ports = bytes_at(bounds, p->l4, TCP_HEADER);
    const __u8 *tcp = (const void *)ports;

    if (!tcp || payload < TCP_HEADER || tcp[12] >> 4 < 5 || (__u32)(tcp[12] >> 4) * 4 > payload ||
        impossible_tcp_flags(tcp[13]))
        return OUTCOME_DROP_MALFORMED;
    p->flags |= tcp_packet_flags(tcp[13]);
    p->source_port = ports[0];
    p->destination_port = ports[1];
    return CONTINUE;
}

static __always_inline int parse_udp(const struct bounds *bounds, struct packet *p, __u32 payload) {
    const __be16 *udp = bytes_at(bounds, p->l4, UDP_HEADER);
    __u32 length;

    if (!udp || payload < UDP_HEADER)
        return OUTCOME_DROP_MALFORMED;
    length = bpf_ntohs(udp[2]);
    if (length < UDP_HEADER || (length > payload && !(p->flags & PACKET_FIRST_FRAGMENT)))
        return OUTCOME_DROP_MALFORMED;
    p->source_port = udp[0];
    p->destination_port = udp[1];
    return CONTINUE;
}

// An INIT chunk is always the only one of its packet (RFC 9260, section 4.3).
static __always_inline int parse_sctp(const struct bounds *bounds, struct packet *p, __u32 payload) {
    const __be16 *ports = bytes_at(bounds, p->l4, SCTP_HEADER);
    const __u8 *sctp = bytes_at(bounds, p->l4, SCTP_HEADER + 1);

    if (!ports || payload < SCTP_HEADER)
        return OUTCOME_DROP_MALFORMED;
    if (sctp && payload > SCTP_HEADER && sctp[SCTP_HEADER] == SCTP_INIT)
        p->flags |= PACKET_SYN;
    p->source_port = ports[0];
    p->destination_port = ports[1];
    return CONTINUE;
}

// The ICMP of the packet's own family.
static __always_inline int is_icmp(const struct packet *p) {
    return p->protocol == (p->v6 ? PROTOCOL_ICMPV6 : IPPROTO_ICMP);
}

static __always_inline int is_icmp_error(const struct packet *p) {
    __u8 type = p->selector >> 8;

    if (!is_icmp(p))
        return 0;
    if (p->v6)
        return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
    return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

static __always_inline int is_echo_request(const struct packet *p) {
    return p->selector >> 8 == (p->v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST) && is_icmp(p);
}

static __always_inline int is_echo_reply(const struct packet *p) {
    return p->selector >> 8 == (p->v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHO_REPLY) && is_icmp(p);
}

static __always_inline int parse_icmp(const struct bounds *bounds, struct packet *p, __u32 payload) {
    const __be16 *icmp = bytes_at(bounds, p->l4, ICMP_HEADER_SHORT);

    if (!icmp || payload < ICMP_HEADER_SHORT)
        return OUTCOME_DROP_MALFORMED;
    p->selector = bpf_ntohs(icmp[0]);
    if (is_icmp_error(p) || is_echo_request(p) || is_echo_reply(p)) {
        icmp = bytes_at(bounds, p->l4, ICMP_HEADER);
        if (!icmp || payload < ICMP_HEADER)
            return OUTCOME_DROP_MALFORMED;
        if (!is_icmp_error(p))
            p->source_port = p->destination_port = icmp[2];
    }
    return CONTINUE;
}

// Neighbour discovery must work whatever the rules say, and must be genuine: a hop limit of 255 proves that no router
// forwarded it (RFC 4861, sections 6.1 and 7.1), and only a router's link-local address advertises or redirects.
static __always_inline int parse_neighbour_discovery(const struct packet *p) {
    __u8 type = p->selector >> 8;
    __u64 prefix = bpf_be64_to_cpu(p->source[0]);

    if (p->hop_limit != 255 || p->flags & PACKET_FRAGMENT)
        return OUTCOME_DROP_MALFORMED;
    if ((type == ICMPV6_ROUTER_ADVERT || type == ICMPV6_REDIRECT) && prefix >> 54 != 0x3fa)
        return OUTCOME_DROP_MALFORMED;
    return OUTCOME_PASS_UPKEEP;
}

// Answers to a DHCP client, which must get its address before anything can be allowed to it.
static __always_inline int is_dhcp_answer(const struct packet *p) {
    if (p->flags & PACKET_FRAGMENT)
        return 0;
    return p->v6 ? p->source_port == bpf_htons(547) && p->destination_port == bpf_htons(546)
                 : p->source_port == bpf_htons(67) && p->destination_port == bpf_htons(68);
}

static __always_inline int parse_transport(const struct bounds *bounds, struct packet *p) {
    __u32 payload = p->l3 + p->ip_length - p->l4;
    int outcome = CONTINUE;

    p->selector = 0;
    if (unlikely(p->flags & PACKET_LATER_FRAGMENT))
        return CONTINUE;
    if (likely(p->protocol == IPPROTO_TCP)) {
        outcome = parse_tcp(bounds, p, payload);
    } else if (p->protocol == IPPROTO_UDP) {
        outcome = parse_udp(bounds, p, payload);
        if (outcome == CONTINUE && is_dhcp_answer(p))
            return OUTCOME_PASS_UPKEEP;
    } else if (is_icmp(p)) {
        outcome = parse_icmp(bounds, p, payload);
        if (outcome == CONTINUE && p->v6 && p->selector >> 8 >= ICMPV6_ROUTER_SOLICIT &&
            p->selector >> 8 <= ICMPV6_REDIRECT)
            return parse_neighbour_discovery(p);
        return outcome;
    } else if (p->protocol == (p->v6 ? IPPROTO_ICMP : PROTOCOL_ICMPV6)) {
        // Each family has its own.
        return OUTCOME_DROP_MALFORMED;
    } else if (p->protocol == PROTOCOL_SCTP) {
        outcome = parse_sctp(bounds, p, payload);
    }
    p->selector = bpf_ntohs(p->destination_port);
    return outcome;
}

// The whole way from the first byte to the ports.
static __always_inline int parse_frame(const struct bounds *bounds, struct packet *p) {
    __u16 ethertype = 0;
    int outcome = parse_ethernet(bounds, p, &ethertype);

    if (outcome != CONTINUE)
        return outcome;
    if (likely(ethertype == ETH_P_IP))
        outcome = parse_ipv4(bounds, p);
    else if (ethertype == ETH_P_IPV6)
        outcome = parse_ipv6(bounds, p);
    else
        return parse_not_ip(bounds, ethertype);
    return outcome == CONTINUE ? parse_transport(bounds, p) : outcome;
}
