// A packet as the rest of the program knows it: what was parsed, and what has been decided so far.
#pragma once

#include "base.h"

#define PACKET_ADDRESSED 1       // the flow's addresses and protocol were read
#define PACKET_SYN 2             // opens a connection (TCP: SYN without ACK, SCTP: INIT)
#define PACKET_CLOSING 4         // TCP: FIN or RST
#define PACKET_FIRST_FRAGMENT 8  // more fragments follow
#define PACKET_LATER_FRAGMENT 16 // ports come from the first fragment
#define PACKET_FRAGMENT (PACKET_FIRST_FRAGMENT | PACKET_LATER_FRAGMENT)
#define PACKET_DECAPSULATE 32 // came in where tunnels to this node end
#define PACKET_INNER 64       // came out of a tunnel: never balanced again
#define PACKET_ICMP_ERROR 128 // the flow is the one that the error is about
#define PACKET_JUDGED 256     // `cell` holds a verdict
#define PACKET_SERVICE 512    // `service_counter` is set
#define PACKET_BACKEND 1024   // `backend_slot` is set
#define PACKET_ANSWERED 2048  // dropped, and turned into an answer for its sender

struct packet {
    // The flow. Addresses in network order, IPv4 as ::ffff:a.b.c.d; ports in network order. ICMP echo: the identifier
    // in both ports.
    __u64 source[2];
    __u64 destination[2];
    __u16 source_port;
    __u16 destination_port;
    __u8 protocol;
    __u8 v6;
    __u16 selector; // see TrafficMatch: port, or ICMP type and code; host order

    __u32 flags;
    __u32 frame_length; // as far as the IP packet may reach
    __u32 bytes;        // of the frame as it came in, for the counters
    __u32 l3;           // offset of the IP header
    __u32 l4;           // offset of what follows the IP headers
    __u32 ip_length;    // of the IP packet, headers included
    __u8 tos;           // DSCP and ECN
    __u8 hop_limit;
    __u32 fragment_id; // as it stands in the packet

    // Where it came in.
    __u32 interface; // the kernel's index
    __u32 interface_slot;
    __u32 cpu;
    __u32 view_base; // see struct view

    // Decisions, for the account.
    __u32 cell;
    __u32 service_counter;
    __u32 backend_slot;
};

#define V4_MAPPED_LOW 0xffff0000ull // ::ffff:0.0.0.0 as a little-endian word

static __always_inline __u64 v4_mapped(__be32 address) { return (__u64)address << 32 | V4_MAPPED_LOW; }

static __always_inline __be32 v4_of(const __u64 address[2]) { return address[1] >> 32; }

static __always_inline int same_address(const __u64 left[2], const __u64 right[2]) {
    return left[0] == right[0] && left[1] == right[1];
}

// Where a packet goes next.
struct hop {
    __u8 ethernet[12]; // destination, source
    __u16 mtu;         // bytes of IP packet; 0: not known
    __u16 beyond;      // the interface is none of the file's: the kernel has to send
    __u32 interface;
};

// What `sluice_ingress` leaves in front of a packet whose next hop must be resolved, for `sluice_resolve`.
#define RESOLVE_MAGIC 0x736c7263
struct resolve {
    __u32 magic;
    __u32 interface;
    __u32 family;
    __u8 address[16];
};

// What each CPU keeps for the packet it works on and for rationing; a plain array with the CPU as index.
//
// Off the fast path the packet's description lives here, not on the stack: the verifier forgets what it knew about a
// value once it is in a map, so the many ways through the parser are one way from there on (they would multiply to over
// a million instructions), functions find it without pointers to the stack, and stack is short. On the fast path it
// lives in registers, and is put here for the functions that are called when something rare happens.
// Of those that are remembered late, see balance.h; per CPU.
#define OLD_CONNECTIONS_PER_SECOND 20000

struct workspace {
    struct packet packet;
    struct hop hop;
    struct resolve resolve;
    struct flow_key key;
    struct connection connection;
    // For `sluice_translate`: the packet's service, and the port of its backends in network order, 0 where it is that
    // of the packet.
    __u32 service;
    __u32 target;
    struct translation translation; // of the packet
    struct translation opposite;    // of its answers

    // How much of what is rationed has been used in the current second.
    __u64 second_began; // jiffies
    __u32 events;
    __u32 too_big;
    __u32 refusals; // answers of services without a backend
    __u32 new_flows;
    __u32 old_connections;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct workspace);
} workspaces SEC(".maps");

static __always_inline struct workspace *workspace_of(__u32 cpu) { return bpf_map_lookup_elem(&workspaces, &cpu); }

static __always_inline void workspace_put(const struct packet *p) {
    struct workspace *own = workspace_of(p->cpu);

    if (own)
        own->packet = *p;
}

// The workspace with rations for the second that runs.
static __always_inline struct workspace *workspace_rationed(__u32 cpu) {
    struct workspace *own = workspace_of(cpu);
    __u64 now = bpf_jiffies64();

    if (own && now - own->second_began >= control.ticks_per_second) {
        own->second_began = now;
        own->events = own->too_big = own->refusals = own->new_flows = own->old_connections = 0;
    }
    return own;
}
