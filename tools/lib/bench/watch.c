// watch PROGRAM IFINDEX FRAME
//
// Hands one packet to a pinned program again and again, prints in hexadecimal what comes out, and when something else
// comes out, the time of CLOCK_MONOTONIC in nanoseconds and the new bytes. Gives up after ten seconds.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common.h"

#define PATIENCE 10000000000ull

static unsigned long long now(void) {
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static struct frame pass(int program, __u32 interface, const struct frame *in) {
    struct xdp_md ctx = {.ingress_ifindex = interface, .data_end = in->length};
    struct frame out = {};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in->bytes, .data_size_in = in->length, .data_out = out.bytes,
                .data_size_out = sizeof out.bytes, .ctx_in = &ctx, .ctx_size_in = sizeof ctx, .repeat = 1);

    if (bpf_prog_test_run_opts(program, &run))
        fail("test run");
    out.length = run.data_size_out;
    return out;
}

static void print(const struct frame *frame) {
    for (__u32 i = 0; i < frame->length; i++)
        printf("%02x", frame->bytes[i]);
    putchar('\n');
    fflush(stdout);
}

int main(int count, char **words) {
    struct frame in, first, next;
    unsigned long long began = now();
    __u32 interface;
    int program;

    if (count != 4) {
        fprintf(stderr, "usage: watch PROGRAM IFINDEX FRAME\n");
        return 2;
    }
    program = bpf_obj_get(words[1]);
    if (program < 0)
        fail("%s", words[1]);
    interface = number(words[2]);
    in = read_frame(words[3]);
    first = pass(program, interface, &in);
    print(&first);
    do {
        next = pass(program, interface, &in);
        if (now() - began > PATIENCE) {
            fprintf(stderr, "watch: nothing changed\n");
            return 1;
        }
    } while (next.length == first.length && memcmp(next.bytes, first.bytes, first.length) == 0);
    printf("%llu\n", now());
    print(&next);
    return 0;
}
