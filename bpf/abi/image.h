// The image: everything a generation consists of, as one array of 64-byte lines.
//
// The compiler writes an image from front to back, the data path indexes it; a publish writes the half of the arena
// that is not in use and flips the generation. Lines are a cache line each, and the unit of the arena's map.
//
// Offsets named `…_line` count lines from the image's first line. Packed arrays of u32 hold 16 to the line.
//
// Paged arrays. Most tables map a small number (an address class, a port class) to a word, and most of their content
// repeats. Such an array is cut into pages of 64 words; equal pages are stored once. An array is named by its *base*,
// the index of its first entry in `directories`, whose entries are page numbers:
//     word(base, i) = pages[directories[base + i / 64] * 64 + i % 64]
#pragma once

#include <linux/types.h>

#define IMAGE_MAGIC 0x43554c53u // "SLUC"
#define IMAGE_VERSION 2

#define LINE_BYTES 64
#define LINE_WORDS 16 // u32 in a line
#define PAGE_WORDS 64
#define PAGE_LINES (PAGE_WORDS / LINE_WORDS)

struct line {
    __u32 words[LINE_WORDS];
};

// Line 0: what every packet to a service needs.
struct image_head {
    __u32 magic;
    __u32 interfaces_line; // struct interface, 1 << interface_bits of them; behind them u32, see struct vnis
    __u32 interface_multiplier;
    __u32 interface_bits;
    __u32 frontends_line;    // struct frontend_bucket
    __u32 frontends_mask;    // count - 1, the count being a power of two
    __u32 services_line;     // struct service
    __u32 backends_line;     // struct backend
    __u32 trie4_root_line;   // u32 per /16, 4096 lines
    __u32 trie4_blocks_line; // blocks of 256 u32, 16 lines each
    __u32 hosts4_line;       // struct host4_bucket
    __u32 hosts4_mask;
    __u32 prefixes6_line; // struct prefix6_bucket
    __u32 prefixes6_mask;
    __u32 directories_line; // u32
    __u32 pages_line;       // u32, PAGE_LINES each
};

// Line 1: what other packets need, and the control plane.
struct image_tail {
    __u16 version;
    __u8 clients;             // CLIENTS_…
    __u8 flags;               // IMAGE_…
    __u32 lines;              // of the whole image
    __u32 lengths6_line;      // struct length6, the tree's root first; see prefix6_bucket
    __u32 lengths6_count;     // 0: no IPv6 prefix at all
    __u32 class6_default;     // value of an IPv6 address that no prefix holds
    __u32 protocols_line;     // u32 per protocol number; see PROTOCOL_CONSTANT
    __u32 node_base;          // paged: destination class -> base of a paged array: port class -> subject
    __u32 transit_base;       // the same for destinations that are not the node's
    __u32 backend_index_line; // u32 per backend slot: index in `backends`, or BACKEND_NONE
    __u32 backend_index_count;
    __u32 manifest_line; // the control plane's own notes: names, sources, overrides
    __u32 manifest_bytes;
    __u32 service_count;
    __u32 backend_count;
    __u32 details_line; // struct service_detail, one for each service
    __u32 wide_base;    // paged: destination class -> base of a paged array: port class -> number of a wide frontend,
                        // 0: none; WIDE_NONE: there are no wide frontends
};
#define IMAGE_TRANSLATES 1 // a service forwards by `nat`: packets may be replies to translated ones

// Processes of the node whose sockets meet services.
#define CLIENTS_NONE 0
#define CLIENTS_NODE 1 // those in the instance's own network namespace
#define CLIENTS_ALL 2

// Line 2: what remembering the flows of services needs. Lifetimes in seconds since the last packet.
struct image_flows {
    __u32 idle_tcp;
    __u32 idle_udp;
    __u32 idle_sctp;
    __u32 new_flows; // that a CPU remembers in a second; 0: config.new_flows
    __u32 sequences_line;
    __u32 reserved[11];
};

// An address's value: its class, and what it is.
#define ADDRESS_CLASS 0x003fffffu
#define ADDRESS_OWN 0x00400000u // local to the node when the image was made: no source of an incoming packet
#define ADDRESS_VIP 0x00800000u // a VIP of some service
#define ADDRESS_VALUE 0x00ffffffu

// An entry of the IPv4 trie (16-8-8 bits): an address value, or a block's number, in the low 24 bits.
#define TRIE4_KIND 0xc0000000u
#define TRIE4_LEAF 0x00000000u
#define TRIE4_BLOCK 0x40000000u
#define TRIE4_HOSTS 0x80000000u // the value, unless the host table knows the address
#define TRIE4_INDEX 0x00ffffffu

// Exact IPv4 hosts, where a /24 holds too few to be worth a block. Two choices: the second bucket is looked at only
// where the first one says that something overflowed.
#define HOST4_WAYS 7
#define HOST4_PRESENT 0x80000000u
struct host4_bucket {
    __u32 address[HOST4_WAYS]; // network order, as in the packet
    __u32 overflow;
    __u32 value[HOST4_WAYS]; // address value | HOST4_PRESENT, 0: free
    __u32 pad;
};

// IPv6 prefixes: binary search on prefix lengths (Waldvogel, Varghese, Turner, Plattner: "Scalable High Speed IP
// Routing Lookups", SIGCOMM 1997). The table holds every prefix and the markers that the search needs; each carries the
// value of the longest prefix that covers it, so a search never goes back.
#define PREFIX6_WAYS 3
#define PREFIX6_LENGTH_SHIFT 24
struct prefix6_bucket {
    __u64 prefix[PREFIX6_WAYS][2]; // high and low half as numbers, bits behind the length 0
    __u32 value[PREFIX6_WAYS];     // address value | length << 24; 0: free (length 0 is never stored)
    __u32 overflow;
};

// A node of the search tree over the lengths in use. Hit: go to `longer`; miss: go to `shorter`; 0: stop.
struct length6 {
    __u8 length;
    __u8 shorter;
    __u8 longer;
    __u8 pad;
};
#define LENGTH6_PER_LINE 16
#define LENGTH6_DEPTH 8

// A protocol's word: base of a paged array from selector to port class, or, where all selectors are in one class, that
// class itself.
#define PROTOCOL_CONSTANT 0x80000000u

// A subject is what a rule can protect: a service's port, an answering VIP, the node or a destination beyond it on one
// port class. Its number is the base of a paged array: source class -> cell.
#define CELL_ALLOW 0x80000000u
#define CELL_SOURCE 0x40000000u // the service is not for these sources, whatever the rules say
#define CELL_RULE 0x00ffffffu   // the deciding rule's slot; 0 is the default

// Where (address, protocol, port) meets a service. Two choices, as above.
#define FRONTEND_WAYS 2
#define FRONTEND_ECHO 0xffffffffu // as `service`: answer ICMP echo to this VIP
struct frontend {
    __u64 address[2];    // network order as in the packet; IPv4 as ::ffff:a.b.c.d
    __u32 port_protocol; // port in network order as a little-endian u16 | protocol << 16; 0: free. Echo: port 0
    __u32 service;       // index, or FRONTEND_ECHO
    __u32 subject;
    __u16 overflow; // of the bucket; meant in its first frontend
    __be16 target;  // the port that the backend has instead, 0: the same
};
struct frontend_bucket {
    struct frontend ways[FRONTEND_WAYS];
};

// Frontends of more than one address or port (prefixes, ranges, all ports) are *wide*: found by class, where the
// buckets have nothing. They lie behind the last bucket, as many to the line, without address and port; the first is
// never used, so that a number of 0 means none.
#define WIDE_NONE 0xffffffffu

// Forwarding methods.
#define FORWARD_DIRECT 0
#define FORWARD_IPIP 1
#define FORWARD_GUE 2
#define FORWARD_VXLAN 3
#define FORWARD_GENEVE 4
#define FORWARD_NAT 5

// A slot is a u16: the backend's number within the service, and one bit. 32 slots to the line. Where no backend takes
// new connections but some still have old ones, the service has one slot, SLOT_MARKED | SLOT_BACKEND.
#define SLOT_BACKEND 0x7fffu
#define SLOT_MARKED 0x8000u // established connections may belong to `previous`, see DESIGN "Which backend"
#define SLOT_NONE 0xffffu   // in `previous`: the current backend is meant
#define SLOTS_PER_LINE 32

#define MTU_ANY 0xffffu

// In `service.flags`: datagrams may name their backend, see `quic_line`.
#define SERVICE_QUIC 0x04
// What a service without a usable backend answers, where not nothing.
#define SERVICE_UNAVAILABLE_RESET 0x10       // a TCP reset, and to datagrams as below
#define SERVICE_UNAVAILABLE_UNREACHABLE 0x20 // ICMP port unreachable
#define SERVICE_UNAVAILABLE (SERVICE_UNAVAILABLE_RESET | SERVICE_UNAVAILABLE_UNREACHABLE)

// Schedulers.
#define SCHEDULER_MAGLEV 0
#define SCHEDULER_ROUND_ROBIN 1
#define SCHEDULER_RANDOM 2
#define SCHEDULER_LEAST_CONNECTIONS 3
#define SCHEDULER_LATENCY 4

#define SERVICE_STATEFUL 1 // every flow is looked up; without it, TCP only where its slot is marked
#define SERVICE_AFFINITY 2 // a client keeps its backend, and the hash is that of its address alone

// Behind the entries of the services are those for clients of zones: one for each zone, of services that have any. They
// differ from the service's own entry in their slots.
struct service {
    __u64 drain_end;     // CLOCK_MONOTONIC, nanoseconds: from then on marks mean nothing
    __u32 slots_line;    // u16 per slot
    __u32 slot_count;    // 0: no usable backend
    __u32 previous_line; // u16 per slot, read only for marked slots
    __u32 previous_count;
    __u32 backends; // index of the first backend
    __u32 backend_count;
    __u32 counter;  // its slot among the services
    __u8 forward;   // FORWARD_…
    __u8 scheduler; // SCHEDULER_…
    __u8 flags;     // SERVICE_…
    __u8 pad;
    __be16 tunnel_port; // destination port of an outer UDP header
    __u16 mtu;  // longest IP packet on the way to a backend, outer headers included; MTU_ANY: what the path takes
    __be32 vni; // as in a header of VXLAN or Geneve: the low byte is 0
    __u32 reserved;
    __u32 variants;         // index of the entry for clients of zone 1, others following; 0: zones mean nothing
    __u16 masquerade_first; // FORWARD_NAT: the node's ports that clients' are turned into
    __u16 masquerade_count; // 0: clients stay as they are
    __u32 reserved2;
};

// What only some services need, one for each service.
struct service_detail {
    __u32 affinity;       // seconds since its last packet that a client keeps its backend
    __u32 sequence_line;  // u16 per entry: backends' numbers within the service, each as often as its weight says
    __u32 sequence_count; // 0: none takes new flows, or the scheduler needs no sequence
    __u32 quic_line;      // struct quic_bucket; they lie behind the details
    __u32 quic_mask;      // count - 1, the count being a power of two
    __u8 quic_id_offset;
    __u8 quic_id_length; // 1…8
    __u8 quic_cid_length;
    __u8 quic_pad;
    __u32 zones_base; // paged: source class -> zone, 0: none; where the service has variants
    __u32 reserved[9];
};

// Which backend of a service has a server id. Two choices, as above.
#define QUIC_WAYS 5
struct quic_bucket {
    __u64 id[QUIC_WAYS];      // the bytes as a number, the first one highest
    __u32 backend[QUIC_WAYS]; // its number in the service + 1; 0: free
    __u32 overflow;
};

#define BACKEND_V6 1  // the backend's address, and so a tunnel's outer header, is IPv6
#define BACKEND_MAC 2 // `mac` is where `direct` sends, whatever the neighbour table says
#define BACKEND_OWN 4 // the address was the node's own when the image was made
#define BACKEND_NONE 0xffffffffu
struct backend {
    __u8 address[16]; // network order; IPv4 in the first four bytes
    __u8 source[16];  // of the outer header, or of masqueraded packets, likewise
    __u32 slot;       // its counter and its next hop's place
    __u32 tag;        // tells a cached next hop for this address from one for an earlier owner of the slot; never 0
    __u32 outer_sum;  // IPv4: sum of the outer header's constant 16-bit words (version, DF, addresses; not the TTL)
                      // IPv6: sum of the UDP pseudo header's (addresses, protocol)
    __u8 mac[6];      // VXLAN and Geneve: destination of the frame inside
    __u8 flags;       // BACKEND_…
    __u8 pad;
    __u16 weight;       // 0: takes no new flows
    __u16 ramp_seconds; // how long it takes from `ramp_start` on until a new backend has its whole share; 0: it has it
    __u32 ramp_start;   // CLOCK_MONOTONIC, seconds
    __u32 drain_end;    // likewise: from then on it gets nothing at all; 0: the service decides
};

#define INTERFACE_FIXED_HOP 1 // every forwarded packet goes to `next_hop` and out where it came in
#define INTERFACE_DECAPSULATE_IPIP 2
#define INTERFACE_DECAPSULATE_GUE 4
#define INTERFACE_DECAPSULATE_VXLAN 8
#define INTERFACE_DECAPSULATE_GENEVE 16
#define INTERFACE_DECAPSULATE                                                                                          \
    (INTERFACE_DECAPSULATE_IPIP | INTERFACE_DECAPSULATE_GUE | INTERFACE_DECAPSULATE_VXLAN |                            \
     INTERFACE_DECAPSULATE_GENEVE)

// Virtual networks whose packets are taken: a rising part of the words behind the interfaces; none: all are.
struct vnis {
    __u32 first;
    __u32 count;
};

struct interface {
    __u32 index; // the kernel's; 0: free
    __u32 slot;  // 0: not one of ours
    __u32 flags; // INTERFACE_…
    __u32 mtu;   // bytes of IP packet
    __u8 next_hop[6];
    __u8 mac[6];
    __be16 gue_port; // where tunnels over UDP end
    __be16 vxlan_port;
    __be16 geneve_port;
    __u16 pad0;
    struct vnis vxlan_vnis;
    struct vnis geneve_vnis;
    __u32 pad[3];
};

_Static_assert(sizeof(struct line) == LINE_BYTES, "line");
_Static_assert(sizeof(struct image_head) == LINE_BYTES, "image_head");
_Static_assert(sizeof(struct image_tail) == LINE_BYTES, "image_tail");
_Static_assert(sizeof(struct image_flows) == LINE_BYTES, "image_flows");
_Static_assert(sizeof(struct host4_bucket) == LINE_BYTES, "host4_bucket");
_Static_assert(sizeof(struct prefix6_bucket) == LINE_BYTES, "prefix6_bucket");
_Static_assert(sizeof(struct frontend_bucket) == LINE_BYTES, "frontend_bucket");
_Static_assert(sizeof(struct service) == LINE_BYTES, "service");
_Static_assert(sizeof(struct service_detail) == LINE_BYTES, "service_detail");
_Static_assert(sizeof(struct quic_bucket) == LINE_BYTES, "quic_bucket");
_Static_assert(sizeof(struct backend) == LINE_BYTES, "backend");
_Static_assert(sizeof(struct interface) == LINE_BYTES, "interface");
_Static_assert(sizeof(struct length6) == 4, "length6");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the image is little-endian");
