// What every other header needs: types, helpers, and the few macros that make the rest readable.
#pragma once

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../abi/abi.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))

// Steps of the journey either settle what becomes of the packet (an enum outcome) or say that it goes on.
#define CONTINUE (-1)

const volatile struct load_config config;
struct control control SEC(".data.control");
struct trace trace;

// Notes for a dry run; nothing at all in the program that handles traffic.
#define TRACE(field, value)                                                                                            \
    do {                                                                                                               \
        if (unlikely(config.dry_run))                                                                                  \
            trace.field = (value);                                                                                     \
    } while (0)
#define TRACE_FLAG(flag)                                                                                               \
    do {                                                                                                               \
        if (unlikely(config.dry_run))                                                                                  \
            trace.flags |= (flag);                                                                                     \
    } while (0)
