// What must be remembered: keys and values of the tables that packets write.
#pragma once

#include <linux/types.h>

// A flow as the packet names it. Addresses in network order, IPv4 as ::ffff:a.b.c.d; ports in network order. ICMP echo:
// the identifier in both ports; protocols without ports: 0.
struct flow_key {
    __u64 source[2];
    __u64 destination[2];
    __u16 source_port;
    __u16 destination_port;
    __u8 protocol;
    __u8 pad[3];
};

// A flow that the node opened (`tracked`; the key is the reply's: source is the peer, destination the node), or a
// datagram flow that a peer opened and policy allowed (`inbound`; the key is the peer's packet).
#define TRACKED_OPENING 0 // no reply yet
#define TRACKED_OPEN 1
#define TRACKED_CLOSING 2 // FIN or RST seen
struct tracked {
    __u64 seen; // jiffies of the last packet
    __u32 state;
    __u32 pad;
};

// A flow to a service that keeps its backend, or a client that does (`connections`). A client's key has its address as
// source, the service's counter slot as the second word of the destination, CLIENT_MARK as the first, and no protocol.
#define CLIENT_MARK 0xffffffffffffffffull
#define CONNECTION_OPENING 0 // TCP: nothing but SYN seen; the only state of others
#define CONNECTION_OPEN 1
#define CONNECTION_CLOSING 2 // FIN or RST seen
struct connection {
    __u32 backend; // slot
    __u32 tag;     // of the backend when it was chosen
    __u64 seen;    // jiffies of the last packet
    __u64 opened;  // CLOCK_MONOTONIC, nanoseconds: when the first SYN came, where handshakes are measured
    __u16 counted; // epoch in which it was last counted, see struct load
    __u8 state;    // CONNECTION_…
    __u8 pad[5];
};

// How loaded a backend is (`loads`, by backend slot).
//
// Time is cut into epochs of some 16 seconds. A flow is counted once in each epoch in which it sends, and taken off
// when it ends. So a count holds the flows that sent something in this epoch or in the one before and have not ended;
// what was lost on the way, by eviction or by racing CPUs, is forgotten with the epoch, and nobody has to clear
// anything up.
struct load {
    __u64 flows;     // epoch << 48 | such flows << 24 | those of them that sent in this epoch
    __u64 handshake; // low 32 bits of jiffies when last measured << 32 | decaying mean in microseconds, 0: never
};
#define LOAD_EPOCH_SHIFT 48
#define LOAD_LIVE_SHIFT 24
#define LOAD_COUNT 0xffffffull

// The first fragment's ports, for the fragments that follow (`fragments`).
struct fragment_key {
    __u64 source[2];
    __u64 destination[2];
    __u32 id;
    __u8 protocol;
    __u8 pad[3];
};
struct fragment {
    __u64 seen; // jiffies
    __u16 source_port;
    __u16 destination_port;
    __u16 selector; // host order
    __u16 pad;
};

// A flow through a service that forwards by `nat` (`translations`): what a packet of the key's flow is turned into.
// There are two entries for a flow, the second one for what the backend sends: its key is the first one's value with
// both ends exchanged, and the other way round.
#define TRANSLATION_REPLY 1 // the key is a packet from the backend
struct translation {
    __u64 source[2];
    __u64 destination[2];
    __u64 seen;    // jiffies of the last packet
    __u32 backend; // slot
    __u32 tag;     // of the backend when it was chosen
    __u16 source_port;
    __u16 destination_port;
    __u8 state; // TRACKED_…
    __u8 flags; // TRANSLATION_…
    __u8 pad[2];
};

// How to reach a backend, as the kernel's tables said a moment ago.
struct nexthop {
    __u64 filled;      // jiffies
    __u32 tag;         // the backend's; anything else: not filled
    __u32 index;       // interface to send through
    __u8 ethernet[12]; // destination, source
    __u16 mtu;         // of the route, bytes of IP packet
    __u8 pad[2];
};

// How to reach a client, likewise.
struct path {
    __u64 address[2];
    struct nexthop hop; // tag 0: not filled
};
#define PATHS 256 // per CPU; a power of two

// Lifetimes in seconds. Those of flows to services are in the image, but for:
#define CONNECTION_OPENING_SECONDS 60
#define CONNECTION_CLOSING_SECONDS 60
#define NEXTHOP_SECONDS 1
#define FRAGMENT_SECONDS 30 // RFC 791 asks for 15, RFC 8200 for 60
#define TRACKED_OPENING_SECONDS 120
#define TRACKED_TCP_SECONDS 7440 // RFC 5382, REQ-5: not less than 2 h 4 min
#define TRACKED_CLOSING_SECONDS 30
#define TRACKED_OTHER_SECONDS 300 // RFC 4787, REQ-5: five minutes recommended

_Static_assert(sizeof(struct flow_key) == 40, "flow_key");
_Static_assert(sizeof(struct tracked) == 16, "tracked");
_Static_assert(sizeof(struct connection) == 32, "connection");
_Static_assert(sizeof(struct load) == 16, "load");
_Static_assert(sizeof(struct translation) == 56, "translation");
_Static_assert(sizeof(struct path) == 48, "path");
_Static_assert(sizeof(struct fragment_key) == 40, "fragment_key");
_Static_assert(sizeof(struct fragment) == 16, "fragment");
_Static_assert(sizeof(struct nexthop) == 32, "nexthop");
