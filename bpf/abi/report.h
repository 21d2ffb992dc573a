// What the data path tells people: sampled drops, and how a dry run came to its verdict.
#pragma once

#include <linux/types.h>

// A dropped packet, sent through the ring buffer at a bounded rate. Addresses in network order, IPv4 as
// ::ffff:a.b.c.d; ports in network order. Fields that were not reached when the packet was dropped are 0.
struct drop_event {
    __u64 time; // CLOCK_MONOTONIC, nanoseconds
    __u64 source[2];
    __u64 destination[2];
    __u32 interface; // the kernel's index
    __u32 rule;      // slot; 0: none
    __u32 length;    // of the frame
    __u16 source_port;
    __u16 destination_port;
    __u8 protocol;
    __u8 outcome; // enum outcome
    __u8 pad[6];
};

#define TRACE_POLICY 1       // a cell was read: `cell` means something
#define TRACE_SERVICE 2      // a frontend matched: `service`
#define TRACE_BACKEND 4      // `slot`, `backend`
#define TRACE_PREVIOUS 8     // the slot was marked and the connection belongs to its previous backend
#define TRACE_KNOWN 16       // the connection was remembered
#define TRACE_NODE 32        // the destination is local to the node
#define TRACE_TRANSIT 64     // the destination is beyond the node
#define TRACE_ICMP_ERROR 128 // judged by the packet that an ICMP error quotes
#define TRACE_DECAPSULATED 256
#define TRACE_NEXTHOP 512 // `nexthop_index`, `nexthop_mac`
#define TRACE_ECHO 1024
#define TRACE_SCHEDULED 2048 // the scheduler chose: `slot` is a place in the service's sequence
#define TRACE_AFFINITY 4096  // the client's backend
#define TRACE_QUIC 65536     // the packet names its backend

// Written by a program loaded with `dry_run`, read after a test run.
struct trace {
    __u32 generation; // in: which half to use, where `override_generation` is 1
    __u32 override_generation;
    __u32 interface;         // in: pretend to have come from this interface index; 0: do not
    __u32 flags;             // TRACE_…, and all that follows: out
    __u32 outcome;           // enum outcome
    __u32 source_value;      // address value
    __u32 destination_value; // where it was looked up
    __u32 cell;
    __u32 subject;
    __u32 port_class;
    __u32 service; // index
    __u32 hash;
    __u32 slot;
    __u32 backend; // index
    __u32 nexthop_index;
    __u8 nexthop_mac[6];
    __u8 pad[2];
};

_Static_assert(sizeof(struct drop_event) == 64, "drop_event");
_Static_assert(sizeof(struct trace) == 64 + 4, "trace");
