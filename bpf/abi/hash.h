// Hashes that the compiler of the tables and the data path must compute alike.
//
// They spread what an operator wrote (table keys) or what clients send (flows). None of them resists an attacker who
// wants all of his flows on one backend; he could as well pick that backend's share of source ports by trial.
#pragma once

#include <linux/types.h>

// Odd constants with about half of their bits set (the finalizer of MurmurHash3 and the golden ratio).
#define HASH_C1 0xff51afd7ed558ccdull
#define HASH_C2 0xc4ceb9fe1a85ec53ull
#define HASH_C3 0x9e3779b97f4a7c15ull

static inline __attribute__((always_inline)) __u64 hash_mix(__u64 x) {
    x ^= x >> 32;
    x *= HASH_C1;
    x ^= x >> 29;
    x *= HASH_C2;
    x ^= x >> 32;
    return x;
}

// Up to 192 bits of key. Low 32 bits choose the first bucket, high 32 bits the second. Keys are an operator's, so one
// multiplication after the fold is mixing enough, and it is on the way of every packet.
static inline __attribute__((always_inline)) __u64 hash_key(__u64 a, __u64 b, __u64 c) {
    __u64 x = a * HASH_C3 ^ b * HASH_C1 ^ c * HASH_C2;

    x ^= x >> 32;
    x *= HASH_C1;
    return x ^ x >> 32;
}

// The flow hash of IPv4: addresses and ports as they stand in the packet (network order, read as little-endian words).
// `ports`: source port in the low half, destination port in the high half; 0 for protocols without ports.
static inline __attribute__((always_inline)) __u32 hash_flow4(__u32 source, __u32 destination, __u32 ports,
                                                              __u8 protocol) {
    return (__u32)hash_mix((source | (__u64)destination << 32) * HASH_C3 ^ (ports | (__u64)protocol << 32) * HASH_C2);
}

// The flow hash of IPv6: each address as two words as they stand in the packet.
static inline __attribute__((always_inline)) __u32 hash_flow6(__u64 source_high, __u64 source_low,
                                                              __u64 destination_high, __u64 destination_low,
                                                              __u32 ports, __u8 protocol) {
    __u64 source = source_high * HASH_C1 ^ source_low;
    __u64 destination = destination_high * HASH_C2 ^ destination_low;

    return (__u32)hash_mix(hash_mix(source * HASH_C3 ^ destination) ^ (ports | (__u64)protocol << 32) * HASH_C2);
}

// A client's hash, of its address alone; IPv4 as in `hash_flow4`.
static inline __attribute__((always_inline)) __u32 hash_client4(__u32 source) {
    return (__u32)hash_mix(source * HASH_C3);
}
static inline __attribute__((always_inline)) __u32 hash_client6(__u64 high, __u64 low) {
    return (__u32)hash_mix(hash_mix(high * HASH_C1 ^ low) * HASH_C3);
}

// The random number of a position in a stream (SplitMix64; Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
// Generators", 2014). Counting instead of asking a generator makes a random choice one that can be explained.
static inline __attribute__((always_inline)) __u64 hash_draw(__u64 position, __u64 stream) {
    return hash_mix((position + 1) * HASH_C3 + stream);
}

// Maps a hash to 0…count-1 without a division: the high half of a 32x32-bit product (Lemire, "Fast Random Integer
// Generation in an Interval", 2019).
static inline __attribute__((always_inline)) __u32 hash_scale(__u32 hash, __u32 count) {
    return (__u32)(((__u64)hash * count) >> 32);
}
