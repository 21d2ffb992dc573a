// What the bench tells its packet generator, and what it reads back.
#pragma once

#include <linux/types.h>

// Flows differ in the low 24 bits of a word of the source address (the last of IPv4, the second of IPv6), and in the
// source port when those are used up.
#define GENERATOR_SOURCE_BITS 24
#define GENERATOR_SOURCES ((1u << GENERATOR_SOURCE_BITS) - 1)

// Bytes put back each round; no packet is shorter. Ethernet, IPv6 and TCP are 74.
#define GENERATOR_HEADERS 80

struct generator {
    __u64 headers[GENERATOR_HEADERS / 8]; // checksums complemented, without source port, varying bits 0
    __u64 rounds;                         // that are timed
    __u64 warm_up;                        // rounds before these
    __u64 flows;                          // 1: always the same; 0: one never seen before in each round; else this many
    __u64 first_flow;                     // of those never seen before
    __u64 interval;                       // nanoseconds from one packet to the next; 0: as fast as it can
    __u32 services;                       // added to the destination address: 0 to this - 1
    __u32 length;                         // of the whole frame
    __u32 version;                        // of IP
    __u32 pad;
};

struct progress {
    __u64 round;
    __u64 random; // state, not 0
    __u64 began;  // CLOCK_MONOTONIC, nanoseconds
    __u64 ended;
    __u64 packets; // handed to the program under test
    __u64 due;     // when the next packet may leave
};
