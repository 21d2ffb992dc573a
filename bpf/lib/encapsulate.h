// Outer headers: what a tunnel puts in front of a packet.
//
// DSCP and ECN are the inner packet's (RFC 6040, section 4.1), DF is set and the identification 0 (RFC 6864), and the
// packet inside stays as it is. Only what differs per packet is added to the precomputed sums.
#pragma once

#include "arena.h"
#include "frame.h"

#define TUNNEL_TTL 64
#define GUE_HEADER 4
#define VXLAN_HEADER 8 // of Geneve without options, too

#define VXLAN_FLAG_VNI 0x08      // in the first byte
#define GENEVE_ETHERNET 0x6558   // as its protocol: an Ethernet frame inside
#define SOURCE_PORT_FIRST 49152  // outer UDP source ports: the dynamic range (RFC 6335),
#define SOURCE_PORT_MASK 0x3fff  // all of it
#define SOURCE_MAC_PREFIX 0x0102 // 02:01 as a little-endian word: locally administered, unicast

static __always_inline int is_udp_tunnel(__u32 method) { return method - FORWARD_GUE <= FORWARD_GENEVE - FORWARD_GUE; }

// Bytes between the outer IP header and the inner one.
static __always_inline __u32 udp_tunnel_bytes(__u32 method) {
    return UDP_HEADER + (method == FORWARD_GUE ? GUE_HEADER : VXLAN_HEADER + ETH_HLEN);
}

// `payload`: bytes behind the header.
static __always_inline int outer4(const struct bounds *bounds, __u64 at, const struct backend *backend, __u32 tos,
                                  __u32 payload, __u32 protocol) {
    __u32 *word = (__u32 *)bytes_at(bounds, at, IPV4_HEADER);
    __u32 length = bpf_htons(payload + IPV4_HEADER);
    __u32 ttl = TUNNEL_TTL | protocol << 8;

    tos <<= 8;
    if (!word)
        return 0;
    word[0] = 0x45 | tos | length << 16;
    word[1] = 0x00400000;
    word[2] = ttl | (__u32)checksum_fold(backend->outer_sum + tos + length + ttl) << 16;
    word[3] = *(const __u32 *)backend->source;
    word[4] = *(const __u32 *)backend->address;
    return 1;
}

static __always_inline int outer6(const struct bounds *bounds, __u64 at, const struct backend *backend, __u32 tos,
                                  __u32 payload, __u32 protocol) {
    struct ipv6_header *ip = (struct ipv6_header *)bytes_at(bounds, at, IPV6_HEADER);

    if (!ip)
        return 0;
    ip->version_class_label = bpf_htonl(6u << 28 | tos << 20);
    ip->payload_length = bpf_htons(payload);
    ip->next_header = protocol;
    ip->hop_limit = TUNNEL_TTL;
    __builtin_memcpy(ip->source, backend->source, 16);
    __builtin_memcpy(ip->destination, backend->address, 16);
    return 1;
}

static __always_inline int outer_ip(const struct bounds *bounds, __u64 at, const struct backend *backend, __u32 tos,
                                    __u32 payload, __u32 protocol) {
    return backend->flags & BACKEND_V6 ? outer6(bounds, at, backend, tos, payload, protocol)
                                       : outer4(bounds, at, backend, tos, payload, protocol);
}

// The packet inside, as far as outer headers depend on it. Sums are of words as they stand in the packet.
struct inner {
    __u32 length;
    __u32 v6;
    __u32 tos;
    __u32 sum;   // of the whole packet, if its checksums are right; never 0
    __u32 known; // `sum` is; else nobody can tell without adding up the payload
};

#define SUM_NONE 0xffffu // the sum of what has a right checksum: minus zero

// Whether the header at `at` has a checksum over the `payload` bytes that follow the IP headers.
static __always_inline int is_summed(const struct bounds *bounds, __u64 at, __u8 protocol, __u32 payload) {
    const __u16 *udp;

    if (protocol == IPPROTO_TCP)
        return 1;
    if (protocol != IPPROTO_UDP)
        return 0;
    udp = bytes_at(bounds, at, UDP_HEADER);
    return udp && udp[3] && bpf_ntohs(udp[2]) == payload;
}

// A right transport checksum makes transport header and payload add up to the complement of the pseudo header, and a
// right IPv4 header adds up to zero: what is left to add are a few words of the headers, not the payload (the kernel's
// "local checksum offload", Documentation/networking/checksum-offloads.rst). A wrong checksum makes the outer one
// wrong, too, and the backend drops the packet as it would have anyway.
static __always_inline int inner4(const struct bounds *bounds, __u64 at, struct inner *inner) {
    const struct ipv4_header *ip = bytes_at(bounds, at, IPV4_HEADER);
    __u32 header, payload;

    if (!ip)
        return 0;
    inner->v6 = 0;
    inner->tos = ip->tos;
    inner->length = bpf_ntohs(ip->total_length);
    header = (ip->version_length & 15) * 4;
    payload = inner->length - header;
    inner->known = 0;
    if (ip->fragment & bpf_htons(IP_MORE_FRAGMENTS | IP_OFFSET_MASK))
        return 1;
    if (ip->protocol == IPPROTO_ICMP) {
        // Without a pseudo header.
        inner->known = 1;
        inner->sum = SUM_NONE;
    } else if (is_summed(bounds, at + header, ip->protocol, payload)) {
        __u32 sum = (ip->source & 0xffff) + (ip->source >> 16) + (ip->destination & 0xffff) + (ip->destination >> 16);

        inner->known = 1;
        inner->sum = checksum_fold(sum + bpf_htons(ip->protocol) + bpf_htons(payload));
    }
    return 1;
}

// Addresses and length are in header and pseudo header both, and cancel out.
static __always_inline int inner6(const struct bounds *bounds, __u64 at, struct inner *inner) {
    const struct ipv6_header *ip = bytes_at(bounds, at, IPV6_HEADER);
    __u32 first, payload;

    if (!ip)
        return 0;
    first = ip->version_class_label;
    payload = bpf_ntohs(ip->payload_length);
    inner->v6 = 1;
    inner->tos = (bpf_ntohl(first) >> 20) & 0xff;
    inner->length = payload + IPV6_HEADER;
    inner->known = ip->next_header == PROTOCOL_ICMPV6 || is_summed(bounds, at + IPV6_HEADER, ip->next_header, payload);
    inner->sum = (first & 0xffff) + (first >> 16) + ip->next_header + ((__u32)ip->hop_limit << 8) +
                 (0xffff - bpf_htons(ip->next_header));
    return 1;
}

// What follows UDP, as words; at most the header of VXLAN or Geneve and an Ethernet header.
struct shim {
    __u32 word[5];
    __u32 last; // 16 bits
};

static __always_inline void shim_fill(struct shim *shim, const struct service *service, const struct backend *backend,
                                      __u32 v6) {
    const __u32 *source = (const void *)(backend->source + (backend->flags & BACKEND_V6 ? 12 : 0));
    const __u16 *mac = (const void *)backend->mac;

    if (service->forward == FORWARD_GUE) {
        // Variant 0 without flags or fields (draft-ietf-intarea-gue-09, section 3.1).
        shim->word[0] = (v6 ? PROTOCOL_IPV6 : PROTOCOL_IPIP) << 8;
        return;
    }
    // RFC 7348, section 5; RFC 8926, section 3.4.
    shim->word[0] = service->forward == FORWARD_VXLAN ? VXLAN_FLAG_VNI : (__u32)bpf_htons(GENEVE_ETHERNET) << 16;
    shim->word[1] = service->vni;
    // To the backend's device, from an address of layer 2 that follows from that of layer 3, but never is the backend's
    // own: a device drops frames that seem to come from itself.
    shim->word[2] = mac[0] | (__u32)mac[1] << 16;
    shim->word[3] = mac[2] | (__u32)SOURCE_MAC_PREFIX << 16;
    shim->word[4] = *source;
    shim->last = v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
}

// The UDP checksum over IPv6, or 0 where it would have to be added up: a tunnel may leave it out (RFC 6935, RFC 6936).
static __always_inline __u32 udp_checksum(const struct backend *backend, const struct inner *inner,
                                          const struct shim *shim, __u32 gue, __u32 ports, __u32 length) {
    __u64 sum = (__u64)backend->outer_sum + inner->sum + 2 * length + ports + shim->word[0];
    __u16 checksum;

    if (!gue)
        sum += (__u64)shim->word[1] + shim->word[2] + shim->word[3] + shim->word[4] + shim->last;
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    checksum = checksum_fold(sum);
    return checksum ? checksum : 0xffff;
}

// Writes the headers of a tunnel over UDP into the room at `at`, behind which the inner packet begins. False where
// there is no such room. A function of its own, which finds all it needs of the packet in the packet itself: nothing of
// the description that the fast path has in registers need be kept for it.
__noinline int encapsulate_udp(struct xdp_md *ctx, const struct backend *backend, const struct service *service,
                               __u32 at, __u32 hash) {
    struct bounds bounds = bounds_of(ctx);
    struct inner inner = {};
    struct shim shim = {};
    __u32 gue, outer, between, length, ports, checksum = 0, *word;
    const __u8 *first;

    if (!backend || !service)
        return 0;
    gue = service->forward == FORWARD_GUE;
    outer = at + (backend->flags & BACKEND_V6 ? IPV6_HEADER : IPV4_HEADER);
    between = udp_tunnel_bytes(service->forward);
    first = bytes_at(&bounds, outer + between, 1);
    if (!first ||
        !(*first >> 4 == 6 ? inner6(&bounds, outer + between, &inner) : inner4(&bounds, outer + between, &inner)))
        return 0;
    shim_fill(&shim, service, backend, inner.v6);
    // Different flows take different ways and queues, one flow always the same.
    ports = bpf_htons(SOURCE_PORT_FIRST | (hash & SOURCE_PORT_MASK)) | (__u32)service->tunnel_port << 16;
    length = bpf_htons(inner.length + between);
    if (backend->flags & BACKEND_V6 && inner.known)
        checksum = udp_checksum(backend, &inner, &shim, gue, ports, length);
    if (!outer_ip(&bounds, at, backend, inner.tos, inner.length + between, IPPROTO_UDP))
        return 0;
    word = (__u32 *)bytes_at(&bounds, outer, UDP_HEADER + GUE_HEADER);
    if (!word)
        return 0;
    word[0] = ports;
    word[1] = length | checksum << 16;
    word[2] = shim.word[0];
    if (gue)
        return 1;
    word = (__u32 *)bytes_at(&bounds, outer + UDP_HEADER + GUE_HEADER, VXLAN_HEADER + ETH_HLEN - GUE_HEADER);
    if (!word)
        return 0;
#pragma unroll
    for (int i = 0; i < 4; i++)
        word[i] = shim.word[i + 1];
    *(__u16 *)(word + 4) = shim.last;
    return 1;
}
